using System;

namespace Microkernel.XenStore;

/// <summary>The requests about transactions, and their limits.</summary>
public sealed class TransactionRequests
{
    private const int EpochShift = 20;
    private const uint EpochMask = 0x7ff;
    private const uint CounterMask = (1u << EpochShift) - 1;
    private const int MostSeen = 10_000;

    private readonly Store _store;
    private readonly uint _epoch;
    private uint _counter;

    internal TransactionRequests(Store store, uint epoch)
    {
        _store = store;
        _epoch = (epoch & EpochMask) << EpochShift;
    }

    /// <summary>How long a transaction of a domain may take, in milliseconds, before it cannot succeed any more.</summary>
    public long LongestLife { get; set; } = 60_000;

    /// <summary>Dooms what has been open for too long, and gives it the tree of now again and again, so that old ones can go.</summary>
    public void DoomOld(Client client, long now)
    {
        if (client.Caller.IsPrivileged)
            return;
        foreach (Transaction transaction in client.Transactions)
        {
            if (now - transaction.StartedAt > LongestLife)
                ClientState.Expire(_store, client, transaction);
        }
    }

    internal StoreError Find(Client client, uint id, out Transaction? transaction)
    {
        transaction = null;
        if (id == 0)
            return StoreError.None;
        transaction = client.FindTransaction(id) ?? FromBefore(client, id);
        if (transaction is null)
            return StoreError.ENOENT;
        if (transaction.SeenCount > MostSeen && !client.Caller.IsPrivileged)
            return StoreError.ENOSPC;
        // What it has is counted; one request more makes no difference.
        return _store.Accounts.AllowsPending(client.Caller, client.Account, 0) ? StoreError.None : StoreError.ENOSPC;
    }

    internal StoreError Start(Client client, in MessageHeader header)
    {
        if (header.Transaction != 0)
            return StoreError.EBUSY;
        if (!MayOpen(client))
            return StoreError.ENOSPC;
        Transaction transaction = Open(client, NextId(client));
        return Replies.Number(client, header, transaction.Id);
    }

    internal StoreError End(Client client, in MessageHeader header, ReadOnlySpan<byte> payload)
    {
        bool isCommit = payload.SequenceEqual("T\0"u8);
        if (!isCommit && !payload.SequenceEqual("F\0"u8))
            return StoreError.EINVAL;
        // However full it is, it can be ended.
        _ = Find(client, header.Transaction, out Transaction? transaction);
        if (transaction is null)
            return StoreError.ENOENT;
        ClientState.Remove(_store, client, transaction);
        return Replies.OkUnless(isCommit ? _store.Commit(client.Caller, transaction) : StoreError.None, client, header);
    }

    /// <summary>
    /// A client need not notice when the server starts again, but its open transactions are gone. It goes on in one that sees the
    /// tree of now, and ends in EAGAIN, as any transaction may.
    /// </summary>
    private Transaction? FromBefore(Client client, uint id)
    {
        if (!client.IsRestored || (id & ~CounterMask) == _epoch || id > int.MaxValue || !MayOpen(client))
            return null;
        Transaction transaction = Open(client, id);
        transaction.Doom();
        return transaction;
    }

    private bool MayOpen(Client client) =>
        client.Caller.IsPrivileged || client.Account.Quotas.Allows(Quota.Transactions, client.Account.Transactions + 1);

    private Transaction Open(Client client, uint id)
    {
        var transaction = new Transaction(id, _store.Root, Environment.TickCount64);
        ClientState.Add(_store, client, transaction);
        return transaction;
    }

    private uint NextId(Client client)
    {
        do
            _counter = _counter == CounterMask ? 1 : _counter + 1;
        while (client.FindTransaction(_epoch | _counter) is not null);
        return _epoch | _counter;
    }
}
