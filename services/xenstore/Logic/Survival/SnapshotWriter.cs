using System.Collections.Generic;
using Microkernel.Protos.Xenstore.Journal;

namespace Microkernel.XenStore;

/// <summary>Writes a server's whole state as the beginning of a new journal.</summary>
internal sealed class SnapshotWriter
{
    private const int LongRecord = 32 << 10;

    private readonly Dictionary<Permissions, int> _permissions = [];
    private readonly RecordBuilder _record = new();
    private readonly JournalWriter _journal;
    private readonly uint _epoch;
    private ulong _nodes;

    internal SnapshotWriter(JournalWriter journal, uint epoch)
    {
        _journal = journal;
        _epoch = epoch;
    }

    /// <summary>Writes it. If it does not fit, the journal in use stays in use.</summary>
    internal bool TryWrite(StoreServer server)
    {
        if (!_journal.TryBeginSnapshot())
            return false;
        _record.Start(_epoch, server.Store.Generation);
        if (!TryWriteNode(server.Store.Root, 0, []))
            return false;
        WriteQuotas(server.Store.Accounts);
        WriteSpecial(server.Store, Specials.Introduce);
        WriteSpecial(server.Store, Specials.Release);
        foreach (Domain domain in server.Domains.All)
        {
            WriteDomain(domain);
            if (!TryFlush(LongRecord))
                return false;
        }
        _record.SnapshotEnd(_nodes);
        if (!TryFlush(0))
            return false;
        _journal.EndSnapshot();
        return true;
    }

    private bool TryWriteNode(Node node, int depth, byte[] name)
    {
        _nodes++;
        _record.Node(depth, name, node, IndexOf(node.Permissions));
        if (!TryFlush(LongRecord))
            return false;
        foreach (Branch child in node.Children.All)
        {
            if (!TryWriteNode(child.Node, depth + 1, child.Name))
                return false;
        }
        return true;
    }

    private int IndexOf(Permissions permissions)
    {
        if (_permissions.TryGetValue(permissions, out int index))
            return index;
        index = _permissions.Count;
        _permissions.Add(permissions, index);
        _record.Permissions(permissions);
        return index;
    }

    private void WriteQuotas(AccountTable accounts)
    {
        for (int i = 0; i < QuotaSet.Names.Length; i++)
            _record.Quota(-1, (Quota)i, accounts.Defaults[(Quota)i]);
        foreach (Account account in accounts.All)
        {
            for (int i = 0; i < QuotaSet.Names.Length && account.Quotas != accounts.Defaults; i++)
                _record.Quota(account.Domain, (Quota)i, account.Quotas[(Quota)i]);
        }
    }

    private void WriteSpecial(Store store, System.ReadOnlySpan<byte> name) =>
        _record.Change(Change.SetPermissions(name, store.Specials.Find(name)!), store.Generation);

    private void WriteDomain(Domain domain)
    {
        _record.Domain(domain);
        if (domain.Client is not { Connection: { } connection } client)
            return;
        foreach (Watch watch in client.Watches)
            _record.Watch(JournalEntry.WatchAddedFieldNumber, domain.Id, watch);
        if (client.HasLostEvents)
            _record.Lost(client);
        _record.Progress(domain.Id, connection.Progress, client.Output.Waiting);
        client.RecordedOutput = client.Output.Produced;
    }

    private bool TryFlush(int longest)
    {
        if (_record.Length <= longest)
            return true;
        bool isWritten = _journal.TryAddToSnapshot(_record.Bytes);
        _record.Clear();
        return isWritten;
    }
}
