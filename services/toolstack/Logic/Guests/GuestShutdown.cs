using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Google.Protobuf;
using Grpc.Core;
using Microkernel.Protos.Toolstack;
using Microkernel.Protos.Xenstore;
using Microkernel.Services.Toolstack.Core;
using Microkernel.Services.Toolstack.Store;
using GuestReference = Microkernel.Protos.Toolstack.Guest;

namespace Microkernel.Services.Toolstack.Guests;

/// <summary>
/// Asks a guest to end, by the node that its kernel watches. The kernel takes the request by emptying the node; one that does not
/// has no driver for it, and the request is withdrawn, lest it take effect an hour later.
/// </summary>
internal sealed class GuestShutdown
{
    private readonly Parts _parts;
    private readonly LifeCycle _lifeCycle;

    internal GuestShutdown(Parts parts, LifeCycle lifeCycle) => (_parts, _lifeCycle) = (parts, lifeCycle);

    /// <summary>How long a guest may take to notice the request.</summary>
    internal TimeSpan NoticeLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Asks, and waits until the guest has taken the request, or until it has ended.</summary>
    internal async Task ShutDownAsync(GuestReference? reference, bool isReboot, bool waits, CancellationToken cancellation)
    {
        Guest guest = _parts.Guests.Find(reference);
        Task end;
        uint domain;
        using (await _lifeCycle.HoldAsync(reference, cancellation).ConfigureAwait(false))
        {
            CheckRuns(guest);
            (end, domain) = (guest.End, guest.Domain);
            await AskAsync(guest, isReboot ? "reboot" : "poweroff", cancellation).ConfigureAwait(false);
        }

        await WaitForNoticeAsync(guest.Name, domain, end, cancellation).ConfigureAwait(false);
        if (waits)
            await end.WaitAsync(cancellation).ConfigureAwait(false);
    }

    private void CheckRuns(Guest guest)
    {
        if (guest.Phase == GuestPhase.Preserved)
            throw Failure.Precondition($"'{guest.Name}' has ended already ({guest.Record.EndDetail})");
        if (_parts.Core.ListDomains().Any(d => d.Id == guest.Domain && d is { IsPaused: true, End: null }))
            throw Failure.Precondition($"'{guest.Name}' is paused and cannot hear the request: unpause it first, or destroy it");
    }

    private Task AskAsync(Guest guest, string request, CancellationToken cancellation) =>
        _parts.Tree.CommitAsync([StoreTree.Write(GuestNodes.ShutdownOf(guest.Domain), request)], cancellation);

    private async Task WaitForNoticeAsync(string name, uint domain, Task end, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(NoticeLimit);
        Task notice = WatchAsync(GuestNodes.ShutdownOf(domain), limit.Token);
        await Task.WhenAny(notice, end).ConfigureAwait(false);
        bool isOver = end.IsCompleted || notice.IsCompletedSuccessfully;
        await limit.CancelAsync().ConfigureAwait(false);

        // The watch ends in a failure then, which nobody else looks at.
        await notice.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (isOver)
            return;
        cancellation.ThrowIfCancellationRequested();
        await WithdrawAsync(name, domain, cancellation).ConfigureAwait(false);
    }

    /// <summary>Ends when the guest has taken the request.</summary>
    private async Task WatchAsync(string path, CancellationToken limit)
    {
        while (true)
        {
            try
            {
                using AsyncServerStreamingCall<WatchEvent> watch = _parts.Tree.Watch(path, limit);
                while (await watch.ResponseStream.MoveNext(limit).ConfigureAwait(false))
                {
                    if (await IsTakenAsync(path, limit).ConfigureAwait(false))
                        return;
                }
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable)
            {
                // The store is being restarted: what was watched is watched again.
                await Task.Delay(TimeSpan.FromMilliseconds(100), limit).ConfigureAwait(false);
            }
        }
    }

    private async Task<bool> IsTakenAsync(string path, CancellationToken cancellation) =>
        await _parts.Tree.ReadAsync(path, cancellation).ConfigureAwait(false) is not { IsEmpty: false };

    private async Task WithdrawAsync(string name, uint domain, CancellationToken cancellation)
    {
        string path = GuestNodes.ShutdownOf(domain);
        if (await IsTakenAsync(path, cancellation).ConfigureAwait(false))
            return;
        await _parts.Tree.CommitAsync([StoreTree.Write(path, "")], cancellation).ConfigureAwait(false);
        throw Failure.Precondition(
            $"'{name}' did not take the request within {NoticeLimit.TotalSeconds:0} s, and it is withdrawn: the guest's kernel has no driver for it, " +
            "or has not come that far; wait, end it from inside, or destroy it");
    }
}
