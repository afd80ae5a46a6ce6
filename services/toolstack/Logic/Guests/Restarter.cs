using System;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
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

    internal Restarter(Parts parts, GuestBuilder builder, GuestRemover remover) =>
        (_parts, _builder, _remover) = (parts, builder, remover);

    /// <summary>Starts it again. Its turn stays with the caller.</summary>
    /// <returns>Null, or why it could not be done.</returns>
    internal async Task<string?> RestartAsync(Guest guest, CancellationToken cancellation)
    {
        GuestRecord record = guest.Change(static r => r.Phase = GuestPhase.Building);
        await _parts.Records.InsistAsync(record, cancellation).ConfigureAwait(false);
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
