using System.Collections.Generic;
using System.IO;
using Microkernel.Protos.Xenstore.Journal;

namespace Microkernel.XenStore;

/// <summary>What a journal says, entry by entry.</summary>
internal sealed class RecoveredState
{
    private readonly TreeBuilder _tree = new();
    private ulong _generation;
    private Store? _store;

    internal uint Epoch { get; private set; }

    internal bool IsComplete { get; private set; }

    internal Dictionary<uint, RecoveredDomain> Domains { get; } = [];

    internal Store Store => _store ??= new Store(_tree.Finish(), _generation);

    internal void Apply(JournalEntry entry)
    {
        switch (entry.EntryCase)
        {
            case JournalEntry.EntryOneofCase.Start:
                (Epoch, _generation) = (entry.Start.Epoch, entry.Start.Generation);
                break;
            case JournalEntry.EntryOneofCase.Permissions:
                _tree.Add(entry.Permissions);
                break;
            case JournalEntry.EntryOneofCase.Node:
                _tree.Add(entry.Node);
                break;
            case JournalEntry.EntryOneofCase.End:
                if (entry.End.Nodes != _tree.Nodes)
                    throw new InvalidDataException("the snapshot has other nodes than it says");
                IsComplete = true;
                break;
            case JournalEntry.EntryOneofCase.Change:
                Store.Replay(ToChange(entry.Change), entry.Change.Generation);
                break;
            case JournalEntry.EntryOneofCase.Quota:
                Store.Accounts.SetQuota((int)entry.Quota.Domain - 1, CheckedQuota(entry.Quota.Quota), entry.Quota.Value);
                break;
            case JournalEntry.EntryOneofCase.QuotasReleased:
                Store.Specials.Forget((int)entry.QuotasReleased);
                Store.Accounts.Release((int)entry.QuotasReleased);
                break;
            default:
                ApplyDomain(entry);
                break;
        }
    }

    private void ApplyDomain(JournalEntry entry)
    {
        switch (entry.EntryCase)
        {
            case JournalEntry.EntryOneofCase.Domain:
                if (Domains.TryGetValue(entry.Domain.Domain, out RecoveredDomain? known))
                    known.Message = entry.Domain;
                else
                    Domains.Add(entry.Domain.Domain, new RecoveredDomain(entry.Domain));
                break;
            case JournalEntry.EntryOneofCase.ReleasedDomain:
                Domains.Remove(entry.ReleasedDomain);
                break;
            case JournalEntry.EntryOneofCase.WatchAdded:
                Find(entry.WatchAdded.Domain)?.Watches.Add(entry.WatchAdded);
                break;
            case JournalEntry.EntryOneofCase.WatchRemoved:
                Find(entry.WatchRemoved.Domain)?.RemoveWatch(entry.WatchRemoved);
                break;
            case JournalEntry.EntryOneofCase.WatchesReset:
                Find(entry.WatchesReset)?.Watches.Clear();
                break;
            case JournalEntry.EntryOneofCase.Lost:
                if (Find(entry.Lost.Domain) is { } slow)
                    slow.HasLostEvents = entry.Lost.HasLostEvents;
                break;
            case JournalEntry.EntryOneofCase.Progress:
                Find(entry.Progress.Domain)?.Advance(entry.Progress);
                break;
            default:
                throw new InvalidDataException($"an entry of kind {entry.EntryCase}, which this version does not know");
        }
    }

    /// <summary>A ring's connection ends before its domain's entry does: what still comes about it means nothing.</summary>
    private RecoveredDomain? Find(uint domain) => Domains.GetValueOrDefault(domain);

    private static Quota CheckedQuota(uint quota) =>
        quota < QuotaSet.Names.Length ? (Quota)quota : throw new InvalidDataException($"a quota {quota}, which this version does not know");

    private static Change ToChange(JournalChange change)
    {
        byte[] path = change.Path.ToByteArray();
        if (!PathRules.IsValid(path) && !PathRules.IsSpecial(path))
            throw new InvalidDataException("a change of what is no path");
        return (ChangeKind)change.Kind switch
        {
            ChangeKind.Write => Change.Write(path, change.Value.ToByteArray(), (int)change.Creator - 1),
            ChangeKind.Create => Change.Create(path, (int)change.Creator - 1),
            ChangeKind.Remove => Change.Remove(path),
            ChangeKind.SetPermissions => Change.SetPermissions(path, TreeBuilder.ToPermissions(change.Permissions)),
            _ => throw new InvalidDataException($"a change of kind {change.Kind}, which this version does not know"),
        };
    }
}
