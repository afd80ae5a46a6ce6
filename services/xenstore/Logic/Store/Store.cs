using System;
using System.Collections.Generic;
using System.Linq;

namespace Microkernel.XenStore;

/// <summary>The tree that everybody sees, with accounts and watches. One thread at a time.</summary>
public sealed class Store
{
    private const long LittleMemory = 16 << 10;

    private readonly Edit _edit = new();
    private readonly List<Outcome> _outcomes = [];
    private readonly HashSet<byte[]> _told = new(PathComparer.Instance);

    /// <summary>A store with nothing but a root, which the control domain owns and everybody may read.</summary>
    public Store() : this(new Node([], new Permissions(new Permission(0, Access.Read)), 0, ChildList.Empty), 0)
    {
    }

    /// <summary>A store with a tree.</summary>
    public Store(Node root, ulong generation)
    {
        Root = root;
        Generation = generation;
        Count(root, 0);
    }

    /// <summary>The tree.</summary>
    public Node Root { get; private set; }

    /// <summary>How many changes there have been.</summary>
    public ulong Generation { get; private set; }

    /// <summary>What every domain has and may have.</summary>
    public AccountTable Accounts { get; } = new();

    /// <summary>All watches.</summary>
    public WatchTable Watches { get; } = new();

    /// <summary>The special events.</summary>
    public Specials Specials { get; } = new();

    /// <summary>Who hears of changes to record them.</summary>
    public StoreLog Log { get; set; } = StoreLog.None;

    /// <summary>How many bytes all nodes may take, because they could not be recorded otherwise.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    /// <summary>Does a change, if the caller's quotas allow it.</summary>
    public StoreError Apply(in Caller caller, in Change change)
    {
        if (change.Path[0] == '@')
        {
            SetSpecial(change);
            return StoreError.None;
        }
        _edit.Accounts.Clear();
        Node root = _edit.Apply(Root, change, Generation + 1, out Outcome outcome);
        if (!IsAllowed(caller))
            return StoreError.ENOSPC;
        Log.Changed(change, ++Generation);
        Root = root;
        Accounts.Apply(_edit.Accounts);
        Watches.Fire(change.Path, outcome);
        return StoreError.None;
    }

    /// <summary>Ends a transaction: does all its changes, or none.</summary>
    public StoreError Commit(in Caller caller, Transaction transaction)
    {
        if (!transaction.IsValidIn(Root))
            return StoreError.EAGAIN;
        if (transaction.Changes.Count == 0)
            return StoreError.None;
        return DoAll(caller, transaction.Changes);
    }

    /// <summary>Does changes on behalf of the control domain, if what they are based upon has not changed since.</summary>
    /// <param name="generation">Of the tree when it was read.</param>
    /// <param name="paths">What was read.</param>
    /// <param name="changes">The changes.</param>
    public StoreError CommitSince(ulong generation, IEnumerable<byte[]> paths, PlannedChanges changes)
    {
        if (FindChanged(generation, paths) is not null)
            return StoreError.EAGAIN;
        return changes.List.Count == 0 ? StoreError.None : DoAll(Caller.Control, changes.List);
    }

    /// <summary>The first of some paths that has changed since a change; null if none has.</summary>
    public byte[]? FindChanged(ulong generation, IEnumerable<byte[]> paths) => paths.FirstOrDefault(p => !IsSameSince(generation, p));

    /// <summary>Does a change again that is on record.</summary>
    public void Replay(in Change change, ulong generation)
    {
        if (change.Path[0] == '@')
        {
            Specials.Set(change.Path, change.Permissions!);
            return;
        }
        _edit.Accounts.Clear();
        Root = _edit.Apply(Root, change, generation, out _);
        Generation = generation;
        Accounts.Apply(_edit.Accounts);
    }

    /// <summary>Sets a quota; of everybody without own quotas if <paramref name="domain"/> is negative.</summary>
    public void SetQuota(int domain, Quota quota, uint value)
    {
        Accounts.SetQuota(domain, quota, value);
        Log.QuotaSet(domain, quota, value);
    }

    /// <summary>Removes what a domain owned, and every right that it had.</summary>
    public void ReleaseDomain(int domain)
    {
        Account account = Accounts.Of(domain);
        if (account.Nodes > 0 || account.Mentions > 0)
        {
            List<PlannedChange> changes = [];
            DomainTraces.Find(Root, domain, changes);
            if (changes.Count > 0)
                DoAll(Caller.Control, changes);
        }
        Specials.Forget(domain);
        Accounts.Release(domain);
        Log.QuotasReleased(domain);
    }

    /// <summary>A node that is missing was missing then, too, if no child came or went where the way to it ends.</summary>
    private bool IsSameSince(ulong generation, ReadOnlySpan<byte> path) =>
        Root.FindNearest(path, out _).ListGeneration <= generation;

    private StoreError DoAll(in Caller caller, List<PlannedChange> changes)
    {
        _edit.Accounts.Clear();
        _outcomes.Clear();
        Node root = Root;
        ulong generation = Generation;
        foreach (PlannedChange planned in changes)
        {
            root = _edit.Apply(root, planned.Change, ++generation, out Outcome outcome);
            _outcomes.Add(outcome);
        }
        if (!IsAllowed(caller))
            return StoreError.ENOSPC;
        foreach (PlannedChange planned in changes)
            Log.Changed(planned.Change, ++Generation);
        Root = root;
        Accounts.Apply(_edit.Accounts);
        Tell(changes);
        return StoreError.None;
    }

    private void Tell(List<PlannedChange> changes)
    {
        if (Watches.Count == 0)
            return;
        _told.Clear();
        for (int i = 0; i < changes.Count; i++)
        {
            Outcome outcome = _outcomes[i];
            if (outcome is { Old: null, New: null })
                continue;
            // A removal takes others with it: it is always told.
            if (_told.Add(changes[i].Path) || outcome.New is null)
                Watches.Fire(changes[i].Path, outcome);
        }
    }

    private void SetSpecial(in Change change)
    {
        Specials.Set(change.Path, change.Permissions!);
        Log.Changed(change, Generation);
    }

    private bool IsAllowed(in Caller caller)
    {
        long growth = 0;
        foreach (ref readonly AccountChange change in _edit.Accounts.All)
            growth += change.Memory;
        return (growth <= 0 || Accounts.Memory + growth <= CapacityFor(caller, growth)) && Accounts.Allows(caller, _edit.Accounts);
    }

    /// <summary>The last quarter is for the control domain and for domains that have little, so that others cannot fill the store for them.</summary>
    private long CapacityFor(in Caller caller, long growth) =>
        caller.IsPrivileged || Accounts.Of(caller.Domain).Memory + growth <= LittleMemory ? Capacity : Capacity / 4 * 3;

    private void Count(Node node, int nameLength)
    {
        _edit.Accounts.Clear();
        _edit.Accounts.Add(node, nameLength);
        Accounts.Apply(_edit.Accounts);
        foreach (Branch child in node.Children.All)
            Count(child.Node, child.Name.Length);
    }
}
