using System.Collections.Generic;
using System.Text;
using Google.Protobuf;
using Microkernel.Protos.Xenstore;

namespace Microkernel.XenStore.Rpc;

/// <summary>Everything at and below a node, in messages that fit a ring.</summary>
internal static class TreeWalk
{
    internal const int PartSize = 16 * 1024;

    /// <summary>The nodes in messages. A node that is longer than a part is one of its own.</summary>
    internal static IEnumerable<WalkPart> Parts(Node top, string path, uint depth, ulong generation)
    {
        var part = new WalkPart { Generation = generation };
        int size = 0;
        foreach ((string at, Node node) in Nodes(top, path, depth))
        {
            WalkedNode walked = ToMessage(at, node);
            int more = walked.CalculateSize();
            if (size > 0 && size + more > PartSize)
            {
                yield return part;
                part = new WalkPart { Generation = generation };
                size = 0;
            }
            part.Nodes.Add(walked);
            size += more;
        }
        yield return part;
    }

    /// <summary>The nodes and their paths, each before what is below it.</summary>
    internal static IEnumerable<(string Path, Node Node)> Nodes(Node top, string path, uint depth)
    {
        yield return (path, top);
        if (depth == 0)
            yield break;
        string prefix = path == "/" ? path : path + "/";
        foreach (Branch child in top.Children.All)
        {
            foreach ((string Path, Node Node) below in Nodes(child.Node, prefix + Encoding.Latin1.GetString(child.Name), depth - 1))
                yield return below;
        }
    }

    private static WalkedNode ToMessage(string path, Node node)
    {
        var walked = new WalkedNode { Path = path, Value = ByteString.CopyFrom(node.Value) };
        Accesses.Copy(node.Permissions, walked.Permissions);
        return walked;
    }
}
