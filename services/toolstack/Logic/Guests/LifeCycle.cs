using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Toolstack;
using Microkernel.Services.Toolstack.Core;
using Microkernel.Services.Toolstack.Store;
using GuestReference = Microkernel.Protos.Toolstack.Guest;

namespace Microkernel.Services.Toolstack.Guests;

/// <summary>Guests come, and go when the operator or their own end wants it.</summary>
internal sealed class LifeCycle
{
    private readonly Parts _parts;
    private readonly GuestScheduling _scheduling;
    private readonly GuestBuilder _builder;
    private readonly GuestRemover _remover;
    private readonly Restarter _restarter;
    private readonly Lock _lock = new();
    private readonly HashSet<uint> _ending = [];
    private readonly CancellationToken _stop;

    /// <summary>Makes one.</summary>
    /// <param name="parts">What it works with.</param>
    /// <param name="stop">Ends what goes on without anybody waiting for it.</param>
    internal LifeCycle(Parts parts, CancellationToken stop)
    {
        _parts = parts;
        _stop = stop;
        _scheduling = new GuestScheduling(parts);
        _builder = new GuestBuilder(parts, _scheduling);
        _remover = new GuestRemover(parts);
        _restarter = new Restarter(parts, _builder, _remover, _scheduling);
    }

    /// <summary>How long a failed call waits until nothing of its guest is left, before that goes on without it.</summary>
    internal TimeSpan RemovalPatience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Builds a guest. Afterwards it is there as a whole, or nothing of it is.</summary>
    /// <returns>Its domain.</returns>
    internal async Task<uint> CreateAsync(GuestConfig? config, bool staysPaused, BuildProgress progress, CancellationToken cancellation)
    {
        GuestConfig complete = ConfigCheck.Complete(config);
        var guest = new Guest(new GuestRecord { Config = complete, Phase = GuestPhase.Building, Parameters = GuestScheduling.Of(complete) });
        await guest.Turn.WaitAsync(cancellation).ConfigureAwait(false);
        _parts.Guests.Add(guest);
        try
        {
            using CancellationTokenSource build = guest.BeginBuild(cancellation);
            await _builder.BuildAsync(guest, staysPaused, progress, build.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            guest.EndBuild();
            bool isGone = await IsGoneSoonAsync(RemoveAsync(guest)).ConfigureAwait(false);
            throw Explained(e, isGone);
        }

        guest.EndBuild();
        uint domain = guest.Domain;
        _builder.KeepContents(guest);
        _parts.Events.Say(guest, GuestEventKind.Created);
        guest.Turn.Release();
        return domain;
    }

    /// <summary>Destroys a guest; one that is being built is no longer built.</summary>
    internal async Task DestroyAsync(GuestReference? reference, CancellationToken cancellation)
    {
        Guest guest = _parts.Guests.Find(reference);
        guest.CancelBuild();
        await guest.Turn.WaitAsync(cancellation).ConfigureAwait(false);
        // Goes on although the operator's connection breaks.
        await RemoveAsync(guest).WaitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Gives a guest another name.</summary>
    internal async Task RenameAsync(GuestReference? reference, string name, CancellationToken cancellation)
    {
        ConfigCheck.CheckName(name);
        using Hold held = await HoldAsync(reference, cancellation).ConfigureAwait(false);
        string before = held.Guest.Name;
        if (before == name)
            return;
        _parts.Guests.Rename(held.Guest, name);
        try
        {
            GuestRecord record = held.Guest.Record;
            await _parts.Tree.CommitAsync([.. GuestNodes.Rename(record), .. _parts.Records.Keep(record)], cancellation).ConfigureAwait(false);
        }
        catch
        {
            _parts.Guests.Rename(held.Guest, before);
            throw;
        }
    }

    /// <summary>Has a guest for oneself; it is whole then.</summary>
    internal async Task<Hold> HoldAsync(GuestReference? reference, CancellationToken cancellation)
    {
        Guest guest = _parts.Guests.Find(reference);
        await guest.Turn.WaitAsync(cancellation).ConfigureAwait(false);
        var held = new Hold(guest);
        if (guest.Phase is GuestPhase.Exists or GuestPhase.Preserved)
            return held;
        held.Dispose();
        throw Failure.Precondition(guest.Phase == GuestPhase.Building ? $"'{guest.Name}' is being built" : $"'{guest.Name}' is being destroyed");
    }

    /// <summary>Looks for guests that have ended, and begins what is to be done about each.</summary>
    /// <returns>Ends when all of that is done.</returns>
    internal Task ScanAsync()
    {
        Dictionary<uint, CoreDomain> domains = _parts.Core.ListDomains().ToDictionary(static d => d.Id);
        List<Task> ends = [];
        foreach (Guest guest in _parts.Guests.All)
        {
            GuestRecord record = guest.Record;
            if (record.Phase != GuestPhase.Exists)
                continue;
            CoreDomain? domain = domains.GetValueOrDefault(record.Domain);
            if ((domain is null || domain.End is not null) && Begins(record.Domain))
                ends.Add(Task.Run(() => EndAsync(guest, record.Domain, domain?.End)));
        }

        return Task.WhenAll(ends);
    }

    /// <summary>Goes on with a guest that the toolstack's last incarnation left.</summary>
    internal async Task ResumeAsync(Guest guest)
    {
        await guest.Turn.WaitAsync(_stop).ConfigureAwait(false);
        if (guest.Phase == GuestPhase.Building && guest.Record.Starts > 0)
            await RestartAsync(guest).ConfigureAwait(false);
        else
            await RemoveAsync(guest).ConfigureAwait(false);
    }

    /// <summary>Connects the consoles of all guests, to a qemu-dm that has forgotten them.</summary>
    internal async Task ConnectConsolesAsync(CancellationToken cancellation)
    {
        foreach (Guest guest in _parts.Guests.All.Where(static g => g.Phase is GuestPhase.Exists or GuestPhase.Preserved))
        {
            try
            {
                await _builder.ConnectConsoleAsync(guest.Record, cancellation).ConfigureAwait(false);
            }
            catch (RpcException e)
            {
                _parts.Log($"{guest.Name}: its console could not be connected again: {e.Status.Detail}");
            }
        }
    }

    /// <summary>Holds the files of a guest that was found.</summary>
    internal void KeepContents(Guest guest) => _builder.KeepContents(guest);

    private static Exception Explained(Exception e, bool isGone)
    {
        string rest = isGone ? "" : "; what is left of it is being removed";
        return e switch
        {
            RpcException rpc => new RpcException(new Status(rpc.StatusCode, rpc.Status.Detail + rest)),
            CoreException core => Failure.Precondition(core.Message + rest),
            OperationCanceledException => new RpcException(new Status(StatusCode.Cancelled, "the guest is no longer wanted" + rest)),
            _ => e,
        };
    }

    private bool Begins(uint domain)
    {
        lock (_lock)
            return _ending.Add(domain);
    }

    private async Task EndAsync(Guest guest, uint domain, DomainEnd? end)
    {
        try
        {
            await guest.Turn.WaitAsync(_stop).ConfigureAwait(false);
            if (guest.Phase != GuestPhase.Exists || guest.Domain != domain)
            {
                guest.Turn.Release();
                return;
            }

            _parts.Log($"{guest.Name} (domain {domain}) {EndRules.Describe(end)}");
            _parts.Events.Say(guest, EndRules.KindOf(end), EndRules.Describe(end));
            await ActAsync(guest, EndRules.ActionFor(guest.Record.Config, end), EndRules.Describe(end)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            _parts.Log($"{guest.Name}: what should follow its end failed: {e.Message}");
            _parts.Events.Say(guest, GuestEventKind.Failed, e.Message);
        }
        finally
        {
            guest.SayEnd();
            lock (_lock)
                _ending.Remove(domain);
        }
    }

    /// <summary>Does what a configuration wants after an end. Gives the guest's turn back.</summary>
    private Task ActAsync(Guest guest, EndAction action, string detail) => action switch
    {
        EndAction.Restart => RestartAsync(guest),
        EndAction.Preserve => PreserveAsync(guest, detail),
        EndAction.RenameRestart => RenameRestartAsync(guest, detail),
        _ => RemoveAsync(guest),
    };

    private async Task PreserveAsync(Guest guest, string detail)
    {
        using var held = new Hold(guest);
        guest.ReleaseContents();
        GuestRecord record = guest.Change(r => (r.Phase, r.EndDetail) = (GuestPhase.Preserved, detail));
        await _parts.Records.PreserveAsync(record, _stop).ConfigureAwait(false);
        await _scheduling.RetireAsync(record, _stop).ConfigureAwait(false);
    }

    private async Task RestartAsync(Guest guest)
    {
        string? failure = await _restarter.RestartAsync(guest, _stop).ConfigureAwait(false);
        if (failure is null)
        {
            _parts.Events.Say(guest, GuestEventKind.Created, "started again");
            guest.Turn.Release();
            return;
        }

        _parts.Log($"{guest.Name} cannot be started again: {failure}");
        _parts.Events.Say(guest, GuestEventKind.Failed, $"it cannot be started again: {failure}");
        await RemoveAsync(guest).ConfigureAwait(false);
    }

    private async Task RenameRestartAsync(Guest guest, string detail)
    {
        GuestConfig config = guest.Record.Config.Clone();
        config.Uuid = Uuids.New();
        var successor = new Guest(new GuestRecord
        {
            Config = config,
            Phase = GuestPhase.Building,
            Starts = guest.Record.Starts,
            Parameters = await _scheduling.ReadAsync(guest.Record, _stop).ConfigureAwait(false),
        });
        await successor.Turn.WaitAsync(_stop).ConfigureAwait(false);
        _parts.Guests.RenameAside(guest);
        _parts.Guests.Add(successor);
        await PreserveAsync(guest, detail).ConfigureAwait(false);
        await RestartAsync(successor).ConfigureAwait(false);
    }

    /// <summary>Removes a guest whose turn the caller has; the turn comes back when nothing is left.</summary>
    private async Task RemoveAsync(Guest guest)
    {
        using var held = new Hold(guest);
        if (guest.Phase == GuestPhase.Unspecified)
            return;
        // A build that was refused before it began has left nothing anywhere.
        if (!guest.Record.RequestId.IsEmpty)
            await _remover.RemoveAsync(guest, _stop).ConfigureAwait(false);
        _parts.Guests.Remove(guest);
        _parts.Events.Say(guest, GuestEventKind.Gone);
        guest.Change(static record => record.Phase = GuestPhase.Unspecified);
        guest.SayEnd();
    }

    private async Task<bool> IsGoneSoonAsync(Task removal)
    {
        try
        {
            await removal.WaitAsync(RemovalPatience).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is TimeoutException or RpcException or OperationCanceledException)
        {
            return false;
        }
    }
}
