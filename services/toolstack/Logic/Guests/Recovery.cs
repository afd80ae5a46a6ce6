using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Google.Protobuf;
using Grpc.Core;
using Microkernel.Protos.Memory;
using Microkernel.Protos.Toolstack;
using Microkernel.Services.Toolstack.Core;
using Microkernel.Services.Toolstack.Store;

namespace Microkernel.Services.Toolstack.Guests;

/// <summary>
/// Finds all guests again after the toolstack's own restart: from its records, and from what the core says is there. Guests run
/// on meanwhile. A build that was going on is undone, unless it was a restart; then it is done again.
/// </summary>
internal sealed class Recovery
{
    private readonly Parts _parts;
    private readonly LifeCycle _lifeCycle;

    internal Recovery(Parts parts, LifeCycle lifeCycle) => (_parts, _lifeCycle) = (parts, lifeCycle);

    /// <summary>Finds the guests. What is to be done about some of them goes on afterwards.</summary>
    /// <returns>Ends when that is done, too.</returns>
    internal async Task<Task> RunAsync(CancellationToken cancellation)
    {
        (IReadOnlyList<GuestRecord> records, IReadOnlyList<string> damaged) = await _parts.Records.LoadAsync(cancellation).ConfigureAwait(false);
        foreach (string name in damaged)
            _parts.Log($"the record {name} in xenstore is damaged and is ignored; its domain is taken over without it");
        List<Task> rest = [];
        foreach (GuestRecord record in records)
            TakeOver(record, rest);
        await TakeOverUnknownAsync(rest, cancellation).ConfigureAwait(false);
        rest.Add(_lifeCycle.ScanAsync());
        return Task.WhenAll(rest);
    }

    private void TakeOver(GuestRecord record, List<Task> rest)
    {
        var guest = new Guest(record);
        _parts.Guests.Add(guest);
        if (record.Phase is GuestPhase.Exists or GuestPhase.Preserved)
            _lifeCycle.KeepContents(guest);
        else
            rest.Add(ResumeAsync(guest));
    }

    private async Task ResumeAsync(Guest guest)
    {
        _parts.Log($"{guest.Name} was being {(guest.Phase == GuestPhase.Building ? "built" : "destroyed")} when the toolstack ended: going on with that");
        try
        {
            await _lifeCycle.ResumeAsync(guest).ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            _parts.Log($"{guest.Name}: {e.Status.Detail}");
        }
    }

    /// <summary>Domains without a record: never run, they are what a build left; others are somebody's and are kept.</summary>
    private async Task TakeOverUnknownAsync(List<Task> rest, CancellationToken cancellation)
    {
        HashSet<uint> known = [.. _parts.Guests.All.Select(static g => g.Domain)];
        List<CoreDomain> unknown =
            [.. _parts.Core.ListDomains().Where(d => d.Id >= _parts.Core.FirstGuest && !d.IsDying && !known.Contains(d.Id))];
        if (unknown.Count == 0)
            return;
        GetInfoResponse memory = await _parts.Patience.InsistAsync(
            options => _parts.Peers.Memory.GetInfoAsync(new GetInfoRequest(), options), cancellation).ConfigureAwait(false);
        foreach (CoreDomain domain in unknown)
        {
            if (memory.Domains.FirstOrDefault(m => m.Domain.Id == domain.Id) is { } found)
                await TakeOverAsync(domain, found, rest, cancellation).ConfigureAwait(false);
        }
    }

    private async Task TakeOverAsync(CoreDomain domain, DomainMemory memory, List<Task> rest, CancellationToken cancellation)
    {
        bool hasRun = domain.CpuTime > 0 || !domain.IsPaused;
        ByteString? name = await _parts.Tree.ReadAsync($"{GuestNodes.HomeOf(domain.Id)}/name", cancellation).ConfigureAwait(false);
        var guest = new Guest(new GuestRecord
        {
            Config = ConfigOf(domain, memory, name?.ToStringUtf8()),
            Phase = hasRun ? GuestPhase.Exists : GuestPhase.Leaving,
            Domain = domain.Id,
            DomainGeneration = memory.Domain.Generation,
            RequestId = Uuids.New(),
            StartedNs = _parts.Core.Now,
        });
        _parts.Guests.Add(guest);
        if (hasRun)
            await _parts.Records.SaveAsync(guest.Record, cancellation).ConfigureAwait(false);
        else
            rest.Add(ResumeAsync(guest));
        _parts.Log($"domain {domain.Id} has no record: {(hasRun ? $"it is kept as '{guest.Name}', without its console" : "it never ran and is destroyed")}");
    }

    private GuestConfig ConfigOf(CoreDomain domain, DomainMemory memory, string? name)
    {
        bool isFree = name is { Length: > 0 } && _parts.Guests.All.All(g => g.Name != name);
        return new GuestConfig
        {
            Name = isFree ? name : $"domain-{domain.Id}",
            MemoryBytes = memory.CurrentBytes,
            MaximumMemoryBytes = memory.MaximumBytes,
            Vcpus = domain.LastVcpu + 1,
            MaximumVcpus = domain.LastVcpu + 1,
            OnPoweroff = EndAction.Destroy,
            OnReboot = EndAction.Destroy,
            OnCrash = EndAction.Destroy,
            Uuid = Uuids.New(),
        };
    }
}
