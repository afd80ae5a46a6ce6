using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using Microkernel.Protos.Xenstore.Journal;

namespace Microkernel.XenStore;

/// <summary>Makes a tree of a snapshot's nodes, which come from the top down.</summary>
internal sealed class TreeBuilder
{
    private readonly List<Permissions> _permissions = [];
    private readonly List<Level> _levels = [];

    /// <summary>How many nodes there were.</summary>
    internal ulong Nodes { get; private set; }

    internal void Add(JournalPermissions permissions) => _permissions.Add(ToPermissions(permissions.Entries));

    internal void Add(JournalNode node)
    {
        int depth = (int)node.Depth;
        if (depth > _levels.Count || depth == 0 && _levels.Count > 0 || node.Permissions >= _permissions.Count)
            throw new InvalidDataException("a node of the snapshot is out of place");
        CloseTo(depth);
        _levels.Add(new Level(node, _permissions[(int)node.Permissions]));
        Nodes++;
    }

    /// <summary>The tree's root, when all nodes are there.</summary>
    internal Node Finish()
    {
        if (_levels.Count == 0)
            throw new InvalidDataException("the snapshot has no nodes");
        CloseTo(1);
        return _levels[0].ToNode();
    }

    internal static Permissions ToPermissions(IEnumerable<uint> entries)
    {
        Permission[] list = [.. entries.Select(static e => new Permission((int)(e / 4), (Access)(e % 4)))];
        return list.Length > 0 ? new Permissions(list) : throw new InvalidDataException("a list of permissions is empty");
    }

    private void CloseTo(int depth)
    {
        while (_levels.Count > depth)
        {
            Level last = _levels[^1];
            _levels.RemoveAt(_levels.Count - 1);
            _levels[^1].Children.Add((last.Message.Name.ToByteArray(), last.ToNode()));
        }
    }

    private sealed record Level(JournalNode Message, Permissions Permissions)
    {
        internal List<(byte[] Name, Node Node)> Children { get; } = [];

        internal Node ToNode() => new(
            Message.Value.ToByteArray(), Permissions, Message.Generation,
            ChildList.FromSorted(CollectionsMarshal.AsSpan(Children), Message.ListGeneration));
    }
}
