using System.Collections.Generic;

namespace Microkernel.XenStore.Tests.Model;

/// <summary>A node of the naive model.</summary>
internal sealed record ModelNode(string Value, IReadOnlyList<(int Domain, char Access)> Permissions)
{
    internal bool May(int caller, int target, bool isPrivileged, char wanted)
    {
        if (isPrivileged || Permissions[0].Domain == caller || Permissions[0].Domain == target)
            return true;
        char access = Permissions[0].Access;
        for (int i = Permissions.Count - 1; i > 0; i--)
        {
            if (Permissions[i].Domain == caller || Permissions[i].Domain == target)
                access = Permissions[i].Access;
        }
        return access == 'b' || access == wanted;
    }
}
