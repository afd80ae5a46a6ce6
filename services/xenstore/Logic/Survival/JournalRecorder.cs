using System;
using System.Collections.Generic;
using Microkernel.Protos.Xenstore.Journal;

namespace Microkernel.XenStore;

/// <summary>Records in a journal. When that is full, or much longer than the store, a snapshot begins a new one.</summary>
public sealed class JournalRecorder : Recorder
{
    private const int CommitsUntilRetry = 256;

    private readonly RecordBuilder _record = new();
    private readonly JournalWriter _journal;
    private readonly uint _epoch;
    private readonly Action<string> _complain;
    private int _commitsUntilRetry;
    private bool _hasComplained;

    /// <summary>Records in a journal; <see cref="Begin"/> must follow.</summary>
    public JournalRecorder(JournalWriter journal, uint epoch, Action<string> complain)
    {
        _journal = journal;
        _epoch = epoch;
        _complain = complain;
    }

    /// <summary>Whether everything is recorded. Not if the journal's memory is too small for the store.</summary>
    public bool IsRecording { get; private set; }

    private StoreServer? Server { get; set; }

    /// <summary>Begins with a snapshot of a server.</summary>
    public void Begin(StoreServer server)
    {
        Server = server;
        _record.Clear();
        WriteSnapshot();
    }

    /// <inheritdoc/>
    public override void Changed(in Change change, ulong generation) => _record.Change(change, generation);

    /// <inheritdoc/>
    public override void QuotaSet(int domain, Quota quota, uint value) => _record.Quota(domain, quota, value);

    /// <inheritdoc/>
    public override void QuotasReleased(int domain) => _record.Entry(JournalEntry.QuotasReleasedFieldNumber, (uint)domain);

    /// <inheritdoc/>
    public override void WatchAdded(Client client, Watch watch) =>
        _record.Watch(JournalEntry.WatchAddedFieldNumber, client.Caller.Domain, watch);

    /// <inheritdoc/>
    public override void WatchRemoved(Client client, Watch watch) =>
        _record.Watch(JournalEntry.WatchRemovedFieldNumber, client.Caller.Domain, watch);

    /// <inheritdoc/>
    public override void WatchesReset(Client client) =>
        _record.Entry(JournalEntry.WatchesResetFieldNumber, (uint)client.Caller.Domain);

    /// <inheritdoc/>
    public override void LostChanged(Client client) => _record.Lost(client);

    /// <inheritdoc/>
    public override void DomainChanged(Domain domain) => _record.Domain(domain);

    /// <inheritdoc/>
    public override void DomainReleased(Domain domain) => _record.Entry(JournalEntry.ReleasedDomainFieldNumber, (uint)domain.Id);

    /// <inheritdoc/>
    public override void Commit(List<Client> touched)
    {
        foreach (Client client in touched)
        {
            if (client is { IsDomain: true, Connection: { } connection })
                _record.Progress(client.Caller.Domain, connection.Progress, TakeOutput(client));
        }
        if (_record.Length == 0)
            return;
        bool isWritten = IsRecording && !_journal.IsSnapshotDue && _journal.TryAppend(_record.Bytes);
        _record.Clear();
        if (!isWritten && (IsRecording || --_commitsUntilRetry <= 0))
            WriteSnapshot();
    }

    /// <summary>The client's messages that are not recorded yet.</summary>
    private static ReadOnlySpan<byte> TakeOutput(Client client)
    {
        ulong count = Math.Min(client.Output.Produced - client.RecordedOutput, (uint)client.Output.Length);
        client.RecordedOutput = client.Output.Produced;
        return client.Output.Waiting[^(int)count..];
    }

    private void WriteSnapshot()
    {
        bool isWritten = new SnapshotWriter(_journal, _epoch).TryWrite(Server!);
        if (!isWritten && !_hasComplained)
            _complain("the store does not fit into the journal's memory: from now on it would not survive a crash");
        if (isWritten && _hasComplained)
            _complain("the store fits into the journal's memory again and survives crashes");
        IsRecording = isWritten;
        _hasComplained = !isWritten;
        _commitsUntilRetry = CommitsUntilRetry;
    }
}
