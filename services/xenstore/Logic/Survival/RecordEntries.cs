using System;
using Microkernel.Protos.Xenstore.Journal;

namespace Microkernel.XenStore;

/// <summary>The entries of journal.proto.</summary>
internal static class RecordEntries
{
    internal static void Start(this RecordBuilder record, uint epoch, ulong generation)
    {
        record.Begin(JournalEntry.StartFieldNumber);
        record.Number(JournalStart.EpochFieldNumber, epoch);
        record.Number(JournalStart.GenerationFieldNumber, generation);
        record.End();
    }

    internal static void Permissions(this RecordBuilder record, Permissions permissions)
    {
        record.Begin(JournalEntry.PermissionsFieldNumber);
        record.Permissions(JournalPermissions.EntriesFieldNumber, permissions);
        record.End();
    }

    internal static void Node(this RecordBuilder record, int depth, ReadOnlySpan<byte> name, Node node, int permissions)
    {
        record.Begin(JournalEntry.NodeFieldNumber);
        record.Number(JournalNode.DepthFieldNumber, (uint)depth);
        record.Text(JournalNode.NameFieldNumber, name);
        record.Text(JournalNode.ValueFieldNumber, node.Value);
        record.Number(JournalNode.PermissionsFieldNumber, (uint)permissions);
        record.Number(JournalNode.GenerationFieldNumber, node.Generation);
        record.Number(JournalNode.ListGenerationFieldNumber, node.Children.Generation);
        record.End();
    }

    internal static void SnapshotEnd(this RecordBuilder record, ulong nodes)
    {
        record.Begin(JournalEntry.EndFieldNumber);
        record.Number(JournalEnd.NodesFieldNumber, nodes);
        record.End();
    }

    internal static void Change(this RecordBuilder record, in Change change, ulong generation)
    {
        record.Begin(JournalEntry.ChangeFieldNumber);
        record.Number(JournalChange.KindFieldNumber, (uint)change.Kind);
        record.Text(JournalChange.PathFieldNumber, change.Path);
        record.Text(JournalChange.ValueFieldNumber, change.Value);
        if (change.Permissions is not null)
            record.Permissions(JournalChange.PermissionsFieldNumber, change.Permissions);
        record.Number(JournalChange.CreatorFieldNumber, (uint)(change.Creator + 1));
        record.Number(JournalChange.GenerationFieldNumber, generation);
        record.End();
    }

    internal static void Domain(this RecordBuilder record, Domain domain)
    {
        record.Begin(JournalEntry.DomainFieldNumber);
        record.Number(JournalDomain.DomainFieldNumber, (uint)domain.Id);
        record.Number(JournalDomain.IsIntroducedFieldNumber, domain.IsIntroduced ? 1u : 0);
        record.Number(JournalDomain.FrameFieldNumber, domain.Frame);
        record.Number(JournalDomain.PortFieldNumber, domain.Port);
        record.Number(JournalDomain.DomainGenerationFieldNumber, domain.Generation);
        record.Number(JournalDomain.TargetFieldNumber, (uint)(domain.Target + 1));
        record.Number(JournalDomain.FeaturesFieldNumber, domain.Features);
        record.Number(JournalDomain.IsShutDownFieldNumber, domain.IsShutDown ? 1u : 0);
        record.End();
    }

    internal static void Watch(this RecordBuilder record, int kind, int domain, Watch watch)
    {
        record.Begin(kind);
        record.Number(JournalWatch.DomainFieldNumber, (uint)domain);
        record.Text(JournalWatch.PathFieldNumber, watch.Path);
        record.Number(JournalWatch.BaseLengthFieldNumber, (uint)watch.BaseLength);
        record.Text(JournalWatch.TokenFieldNumber, watch.Token);
        record.Number(JournalWatch.DepthFieldNumber, (uint)(watch.Depth + 1));
        record.End();
    }

    internal static void Lost(this RecordBuilder record, Client client)
    {
        record.Begin(JournalEntry.LostFieldNumber);
        record.Number(JournalLost.DomainFieldNumber, (uint)client.Caller.Domain);
        record.Number(JournalLost.HasLostEventsFieldNumber, client.HasLostEvents ? 1u : 0);
        record.End();
    }

    internal static void Quota(this RecordBuilder record, int domain, Quota quota, uint value)
    {
        record.Begin(JournalEntry.QuotaFieldNumber);
        record.Number(JournalQuota.DomainFieldNumber, (uint)(domain + 1));
        record.Number(JournalQuota.QuotaFieldNumber, (uint)quota);
        record.Number(JournalQuota.ValueFieldNumber, value);
        record.End();
    }

    internal static void Progress(this RecordBuilder record, int domain, in ConnectionProgress progress, ReadOnlySpan<byte> output)
    {
        record.Begin(JournalEntry.ProgressFieldNumber);
        record.Number(JournalProgress.DomainFieldNumber, (uint)domain);
        record.Number(JournalProgress.RequestEndFieldNumber, progress.RequestEnd);
        record.Number(JournalProgress.ResponseEndFieldNumber, progress.ResponseEnd);
        record.Text(JournalProgress.OutputFieldNumber, output);
        record.Text(JournalProgress.PartialFieldNumber, progress.Partial.Span);
        record.End();
    }
}
