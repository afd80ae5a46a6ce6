using System;
using System.Threading;
using System.Threading.Tasks;
using Microkernel.Protos.Memory;
using Microkernel.Protos.Toolstack;
using Microkernel.Services.Toolstack.Store;
using GuestReference = Microkernel.Protos.Toolstack.Guest;

namespace Microkernel.Services.Toolstack.Guests;

/// <summary>What an operator does to a guest that is there.</summary>
internal sealed class GuestControl
{
    private readonly Parts _parts;
    private readonly LifeCycle _lifeCycle;

    internal GuestControl(Parts parts, LifeCycle lifeCycle) => (_parts, _lifeCycle) = (parts, lifeCycle);

    internal async Task PauseAsync(GuestReference? reference, CancellationToken cancellation)
    {
        using Hold held = await HoldRunningAsync(reference, cancellation).ConfigureAwait(false);
        _parts.Core.Pause(held.Guest.Domain);
    }

    internal async Task UnpauseAsync(GuestReference? reference, CancellationToken cancellation)
    {
        using Hold held = await HoldRunningAsync(reference, cancellation).ConfigureAwait(false);
        _parts.Core.Unpause(held.Guest.Domain);
    }

    /// <summary>Changes how much memory a guest should have, or may have. The guest gives memory back or takes it when it gets to it.</summary>
    internal async Task<Protos.Toolstack.SetMemoryResponse> SetMemoryAsync(SetMemoryRequest wanted, CancellationToken cancellation)
    {
        using Hold held = await HoldRunningAsync(wanted.Guest, cancellation).ConfigureAwait(false);
        Guest guest = held.Guest;
        ulong maximum = wanted.HasMaximumBytes ? wanted.MaximumBytes : guest.Record.Config.MaximumMemoryBytes;
        ulong target = wanted.HasTargetBytes ? wanted.TargetBytes : Math.Min(guest.Record.Config.MemoryBytes, maximum);
        CheckMemory(target, maximum);
        // Allowed first, and then wished: a guest that is told before would be refused what it asks for.
        var request = new SetTargetRequest
        {
            Domain = new DomainId { Id = guest.Domain, Generation = guest.Record.DomainGeneration },
            TargetBytes = target,
            MaximumBytes = maximum,
        };
        SetTargetResponse set = await _parts.Patience.CallAsync(options => _parts.Peers.Memory.SetTargetAsync(request, options), cancellation).ConfigureAwait(false);
        GuestRecord record = guest.Change(r => (r.Config.MemoryBytes, r.Config.MaximumMemoryBytes) = (set.TargetBytes, set.MaximumBytes));
        await _parts.Tree.CommitAsync(
            [.. GuestNodes.SetMemory(guest.Domain, set.TargetBytes, set.MaximumBytes), .. _parts.Records.Keep(record)], cancellation).ConfigureAwait(false);
        return new Protos.Toolstack.SetMemoryResponse { TargetBytes = set.TargetBytes, MaximumBytes = set.MaximumBytes };
    }

    /// <summary>Changes how many vCPUs a guest should use.</summary>
    internal async Task SetVcpusAsync(GuestReference? reference, uint vcpus, CancellationToken cancellation)
    {
        using Hold held = await HoldRunningAsync(reference, cancellation).ConfigureAwait(false);
        Guest guest = held.Guest;
        uint most = guest.Record.Config.MaximumVcpus;
        if (vcpus == 0 || vcpus > most)
            throw Failure.Argument($"{vcpus} vCPUs: '{guest.Name}' can have 1 to {most}, as it was created");
        GuestRecord record = guest.Change(r => r.Config.Vcpus = vcpus);
        await _parts.Tree.CommitAsync(
            [.. GuestNodes.SetVcpus(guest.Domain, record.Config), .. _parts.Records.Keep(record)], cancellation).ConfigureAwait(false);
    }

    private static void CheckMemory(ulong target, ulong maximum)
    {
        if (target % 4096 != 0 || maximum % 4096 != 0 || target < ConfigCheck.LeastMemory || maximum > ConfigCheck.MostMemory)
            throw Failure.Argument($"memory of {target} bytes of at most {maximum}: it must be 1 MiB to 1 TiB, and a multiple of 4 KiB");
        if (target > maximum)
            throw Failure.Argument($"{target} bytes are more than the guest's maximum of {maximum}: raise that first");
    }

    private async Task<Hold> HoldRunningAsync(GuestReference? reference, CancellationToken cancellation)
    {
        Hold held = await _lifeCycle.HoldAsync(reference, cancellation).ConfigureAwait(false);
        if (held.Guest.Phase == GuestPhase.Exists)
            return held;
        held.Dispose();
        throw Failure.Precondition($"'{held.Guest.Name}' has ended ({held.Guest.Record.EndDetail}) and is only kept to be looked at: destroy it when you have");
    }
}
