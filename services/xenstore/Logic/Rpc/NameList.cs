using System.Text;
using Microkernel.Protos.Xenstore;

namespace Microkernel.XenStore.Rpc;

/// <summary>The names below a node, in messages that fit a ring.</summary>
internal static class NameList
{
    /// <summary>What a message has around a name, at most.</summary>
    private const int Frame = 4;

    /// <summary>The names after one, as many as fit.</summary>
    internal static ListResponse Part(ChildList children, string after)
    {
        var part = new ListResponse();
        int size = 0;
        foreach (Branch child in children.After(Encoding.UTF8.GetBytes(after)))
        {
            size += Frame + child.Name.Length;
            if (size > TreeWalk.PartSize)
            {
                part.IsPartial = true;
                break;
            }
            part.Names.Add(Encoding.Latin1.GetString(child.Name));
        }
        return part;
    }
}
