using System;

namespace Microkernel.XenStore;

/// <summary>
/// Reading and changing the tree on somebody's behalf, directly or in a transaction: rights are checked here, and what a
/// transaction sees is noted.
/// </summary>
public sealed class TreeOperations
{
    private readonly Store _store;

    /// <summary>Operations on a store.</summary>
    public TreeOperations(Store store) => _store = store;

    /// <summary>Reads a node: its value or permissions.</summary>
    public StoreError Read(in Caller caller, Transaction? transaction, ReadOnlySpan<byte> path, out Node? node) =>
        Find(caller, transaction, path, Seen.Value, out node);

    /// <summary>Reads the names of a node's children.</summary>
    public StoreError List(in Caller caller, Transaction? transaction, ReadOnlySpan<byte> path, out Node? node) =>
        Find(caller, transaction, path, Seen.Listing, out node);

    /// <summary>Gives a node a value, and makes it first if necessary.</summary>
    public StoreError Write(in Caller caller, Transaction? transaction, ReadOnlySpan<byte> path, ReadOnlySpan<byte> value)
    {
        StoreError error = CheckMaking(caller, transaction, path, out _);
        if (error != StoreError.None)
            return error;
        if (!caller.IsPrivileged && !QuotasOf(caller).Allows(Quota.NodeSize, value.Length))
            return StoreError.ENOSPC;
        return Apply(caller, transaction, Change.Write(path, value.ToArray(), caller.Creator));
    }

    /// <summary>Makes a node, unless it is there.</summary>
    public StoreError MakeDirectory(in Caller caller, Transaction? transaction, ReadOnlySpan<byte> path)
    {
        StoreError error = CheckMaking(caller, transaction, path, out bool exists);
        if (error != StoreError.None || exists)
            return error;
        return Apply(caller, transaction, Change.Create(path, caller.Creator));
    }

    /// <summary>Removes a node and everything below it.</summary>
    public StoreError Remove(in Caller caller, Transaction? transaction, ReadOnlySpan<byte> path)
    {
        if (path.Length == 1)
            return StoreError.EINVAL;
        Node root = RootOf(transaction);
        transaction?.Note(path, Seen.Value);
        if (root.Find(path) is { } node)
        {
            return caller.May(Access.Write, node.Permissions)
                ? Apply(caller, transaction, Change.Remove(path))
                : StoreError.EACCES;
        }
        ReadOnlySpan<byte> parentPath = PathRules.Parent(path);
        Node? parent = root.Find(parentPath);
        transaction?.Note(parentPath, parent is null ? Seen.Value : Seen.Permissions);
        return parent is null ? Missing(caller, transaction, path, Access.Write) : StoreError.None;
    }

    /// <summary>Changes a node's permissions, or those of a special event.</summary>
    public StoreError SetPermissions(in Caller caller, Transaction? transaction, ReadOnlySpan<byte> path, Permissions permissions)
    {
        if (!caller.IsPrivileged && !QuotasOf(caller).Allows(Quota.Permissions, permissions.Entries.Length))
            return StoreError.ENOSPC;
        Permissions? before = path[0] == '@' ? _store.Specials.Find(path) : RootOf(transaction).Find(path)?.Permissions;
        if (path[0] != '@')
            transaction?.Note(path, Seen.Value);
        if (before is null)
            return path[0] == '@' ? StoreError.ENOENT : Missing(caller, transaction, path, Access.Write);
        if (!caller.May(Access.Write | Access.Own, before))
            return StoreError.EACCES;
        if (!caller.IsPrivileged && permissions.Owner != before.Owner)
            return StoreError.EPERM;
        return Apply(caller, transaction, Change.SetPermissions(path, permissions));
    }

    private StoreError Find(in Caller caller, Transaction? transaction, ReadOnlySpan<byte> path, Seen seen, out Node? node)
    {
        node = RootOf(transaction).Find(path);
        transaction?.Note(path, node is null ? Seen.Value : seen);
        if (node is null)
            return Missing(caller, transaction, path, Access.Read);
        return caller.May(Access.Read, node.Permissions) ? StoreError.None : StoreError.EACCES;
    }

    private StoreError CheckMaking(in Caller caller, Transaction? transaction, ReadOnlySpan<byte> path, out bool exists)
    {
        Node nearest = RootOf(transaction).FindNearest(path, out int length);
        exists = length == path.Length;
        if (transaction is not null && exists)
            transaction.Note(path, Seen.Value);
        else if (transaction is not null)
            NoteMissing(transaction, path, length);
        if (!caller.May(Access.Write, nearest.Permissions))
            return StoreError.EACCES;
        if (!exists && !caller.IsPrivileged && !QuotasOf(caller).Allows(Quota.PathDepth, PathRules.Depth(path)))
            return StoreError.ENOSPC;
        return StoreError.None;
    }

    /// <summary>What a missing node means depends on the last node on the way to it, and on that the next one does not exist.</summary>
    private static void NoteMissing(Transaction transaction, ReadOnlySpan<byte> path, int length)
    {
        transaction.Note(path[..length], Seen.Permissions);
        int next = length == 1 ? 1 : length + 1;
        int slash = path[next..].IndexOf((byte)'/');
        transaction.Note(slash < 0 ? path : path[..(next + slash)], Seen.Value);
    }

    /// <summary>Who may not see what is above a missing node does not learn that it is missing.</summary>
    private StoreError Missing(in Caller caller, Transaction? transaction, ReadOnlySpan<byte> path, Access wanted)
    {
        Node nearest = RootOf(transaction).FindNearest(path, out int length);
        if (transaction is not null)
            NoteMissing(transaction, path, length);
        return caller.May(wanted, nearest.Permissions) ? StoreError.ENOENT : StoreError.EACCES;
    }

    private StoreError Apply(in Caller caller, Transaction? transaction, in Change change)
    {
        // Special events have no part in transactions.
        if (transaction is null || change.Path[0] == '@')
            return _store.Apply(caller, change);
        if (!caller.IsPrivileged && !QuotasOf(caller).Allows(Quota.TransactionSize, transaction.ChangeCount + 1))
            return StoreError.ENOSPC;
        transaction.Apply(change);
        return StoreError.None;
    }

    private Node RootOf(Transaction? transaction) => transaction?.Root ?? _store.Root;

    private QuotaSet QuotasOf(in Caller caller) => _store.Accounts.Of(caller.Domain).Quotas;
}
