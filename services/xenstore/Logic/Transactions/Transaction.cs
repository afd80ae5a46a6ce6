using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Microkernel.XenStore;

/// <summary>
/// A view of the tree as it was when the transaction began, with the transaction's own changes. Ending it does these changes to
/// the tree of then, if everything that the transaction has seen is still so; whatever else happened does not matter.
/// </summary>
public sealed class Transaction
{
    private const ulong PrivateGenerations = 1UL << 63;

    /// <summary>What a transaction weighs, what a node that it has seen does beside its path, and a change for each name of its path.</summary>
    private const int BareSize = 1024, SeenSize = 96, ChangedSize = 200;

    private readonly Dictionary<byte[], Seen> _seen = new(PathComparer.Instance);
    private readonly List<PlannedChange> _changes = [];
    private readonly Edit _edit = new();
    private Node? _base;
    private ulong _generation = PrivateGenerations;

    /// <summary>Begins one.</summary>
    /// <param name="id">What the client calls it by.</param>
    /// <param name="root">The tree.</param>
    /// <param name="now">The time, in milliseconds.</param>
    internal Transaction(uint id, Node root, long now)
    {
        Id = id;
        Root = root;
        _base = root;
        StartedAt = now;
    }

    /// <summary>What the client calls it by.</summary>
    public uint Id { get; }

    /// <summary>When it began, in milliseconds.</summary>
    public long StartedAt { get; }

    /// <summary>The tree as the transaction sees it.</summary>
    public Node Root { get; private set; }

    /// <summary>Whether it can only end in EAGAIN any more.</summary>
    public bool IsDoomed => _base is null;

    /// <summary>Changes so far.</summary>
    public int ChangeCount => _changes.Count;

    /// <summary>About how much memory it takes.</summary>
    public int Weight { get; private set; } = BareSize;

    /// <summary>Nodes seen so far.</summary>
    public int SeenCount => _seen.Count;

    internal List<PlannedChange> Changes => _changes;

    /// <summary>Lets go of what was seen; the transaction cannot succeed any more.</summary>
    internal void Doom()
    {
        _base = null;
        _seen.Clear();
        _changes.Clear();
    }

    /// <summary>The same; from now on it sees another tree, so that the one of its beginning can go.</summary>
    internal void Expire(Node root)
    {
        Doom();
        Root = root;
        Weight = BareSize;
    }

    internal void Note(ReadOnlySpan<byte> path, Seen seen)
    {
        if (_base is null)
            return;
        CollectionsMarshal.GetValueRefOrAddDefault(_seen.GetAlternateLookup<ReadOnlySpan<byte>>(), path, out bool isKnown) |= seen;
        if (!isKnown)
            Weight += SeenSize + path.Length;
    }

    internal void Apply(in Change change)
    {
        _edit.Accounts.Clear();
        Root = _edit.Apply(Root, change, ++_generation, out _);
        if (_base is not null)
            _changes.Add(new PlannedChange(change));
        Weight += ChangedSize * (1 + PathRules.Depth(change.Path)) + change.Path.Length + (change.Value?.Length ?? 0);
    }

    /// <summary>Whether everything that was seen is still so in a tree.</summary>
    internal bool IsValidIn(Node root)
    {
        if (_base is null)
            return false;
        if (ReferenceEquals(_base, root))
            return true;
        foreach ((byte[] path, Seen seen) in _seen)
        {
            if (!IsSame(_base.Find(path), root.Find(path), seen))
                return false;
        }
        return true;
    }

    private static bool IsSame(Node? before, Node? now, Seen seen)
    {
        if (ReferenceEquals(before, now))
            return true;
        if (before is null || now is null)
            return false;
        if ((seen & Seen.Listing) != 0 && before.Children.Generation != now.Children.Generation)
            return false;
        if ((seen & Seen.Value) != 0 && before.Generation != now.Generation)
            return false;
        return before.Permissions.HasSameEntries(now.Permissions);
    }
}
