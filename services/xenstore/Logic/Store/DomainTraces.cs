using System.Collections.Generic;
using System.Text;

namespace Microkernel.XenStore;

/// <summary>Finds everything in the tree that is about a domain.</summary>
internal static class DomainTraces
{
    /// <summary>Adds the changes that remove a domain's nodes and take it out of the permissions of others' nodes.</summary>
    internal static void Find(Node root, int domain, List<PlannedChange> changes)
    {
        Permissions own = root.Permissions.Without(domain);
        if (!ReferenceEquals(own, root.Permissions))
            changes.Add(new PlannedChange(Change.SetPermissions("/"u8, own)));
        Find(root, "/", domain, changes);
    }

    private static void Find(Node node, string prefix, int domain, List<PlannedChange> changes)
    {
        foreach (Branch child in node.Children.All)
        {
            string path = prefix + Encoding.Latin1.GetString(child.Name);
            Permissions permissions = child.Node.Permissions;
            if (permissions.Owner == domain)
            {
                changes.Add(new PlannedChange(Change.Remove(Encoding.Latin1.GetBytes(path))));
                continue;
            }
            Permissions others = permissions.Without(domain);
            if (!ReferenceEquals(others, permissions))
                changes.Add(new PlannedChange(Change.SetPermissions(Encoding.Latin1.GetBytes(path), others)));
            Find(child.Node, path + "/", domain, changes);
        }
    }
}
