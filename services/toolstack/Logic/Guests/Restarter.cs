using System;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Scheduler;
using Microkernel.Protos.Toolstack;
using Microkernel.Services.Toolstack.Core;

namespace Microkernel.Services.Toolstack.Guests;

/// <summary>
/// Starts a guest again in a new domain. A failure is tried again a few times: nobody is there to say it once more, and a service
/// that was restarted in the middle is no reason to lose a guest.
/// </summary>
internal sealed class Restarter
{
    private const int Attempts = 3;

    private readonly Parts _parts;
    private readonly GuestBuilder _builder;
    private readonly GuestRemover _remover;
    private readonly GuestScheduling _scheduling;

    internal Restarter(Parts parts, GuestBuilder builder, GuestRemover remover, GuestScheduling scheduling) =>
        (_parts, _builder, _remover, _scheduling) = (parts, builder, remover, scheduling);

    /// <summary>Starts it again. Its turn stays with the caller.</summary>
    /// <returns>Null, or why it could not be done.</returns>
    internal async Task<string?> RestartAsync(Guest guest, CancellationToken cancellation)
    {
        await BeginAsync(guest, cancellation).ConfigureAwait(false);
        for (int attempt = 1; ; attempt++)
        {
            await _remover.RemoveForRestartAsync(guest, cancellation).ConfigureAwait(false);
            (string? failure, bool isFinal) = await TryBuildAsync(guest, cancellation).ConfigureAwait(false);
            if (failure is not null && !isFinal && attempt < Attempts)
                continue;
            if (failure is null)
                _builder.KeepContents(guest);
            return failure;
        }
    }

    /// <summary>The record says at once that the guest is to start again and what its domain had: that domain may be gone the next time.</summary>
    private async Task BeginAsync(Guest guest, CancellationToken cancellation)
    {
        DomainParameters? parameters = guest.Phase == GuestPhase.Exists
            ? await _scheduling.ReadAsync(guest.Record, cancellation).ConfigureAwait(false)
            : guest.Record.Parameters;
        GuestRecord record = guest.Change(r => (r.Phase, r.Parameters) = (GuestPhase.Building, parameters));
        await _parts.Records.InsistAsync(record, cancellation).ConfigureAwait(false);
    }

    private async Task<(string? Failure, bool IsFinal)> TryBuildAsync(Guest guest, CancellationToken cancellation)
    {
        try
        {
            using CancellationTokenSource build = guest.BeginBuild(cancellation);
            await _builder.BuildAsync(guest, staysPaused: false, BuildProgress.None, build.Token).ConfigureAwait(false);
            return (null, true);
        }
        catch (Exception e) when (e is RpcException or CoreException)
        {
            return (e is RpcException rpc ? rpc.Status.Detail : e.Message, false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return ("the operator destroyed it", true);
        }
        finally
        {
            guest.EndBuild();
        }
    }
}
