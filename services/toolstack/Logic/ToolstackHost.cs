using System;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Memory;
using Microkernel.Services.Toolstack.Content;
using Microkernel.Services.Toolstack.Core;
using Microkernel.Services.Toolstack.Guests;

namespace Microkernel.Services.Toolstack;

/// <summary>The toolstack: give it the core, the other services and memory for files, run it, and offer <see cref="Service"/>.</summary>
public sealed class ToolstackHost : IDisposable
{
    /// <summary>How often domains are looked at although nobody says that one has ended: what is said while a ring is broken is lost.</summary>
    private static readonly TimeSpan ScanPeriod = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _recovered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Parts _parts;
    private readonly LifeCycle _lifeCycle;

    /// <summary>Makes it.</summary>
    /// <param name="core">The core.</param>
    /// <param name="peers">The other services.</param>
    /// <param name="content">Files that the operator brought in.</param>
    /// <param name="patience">How other services are called.</param>
    /// <param name="log">Takes a line for what somebody should know.</param>
    public ToolstackHost(ICore core, Peers peers, ContentStore content, Patience patience, Action<string> log)
        : this(core, peers, content, patience, log, TimeSpan.FromSeconds(5))
    {
    }

    internal ToolstackHost(ICore core, Peers peers, ContentStore content, Patience patience, Action<string> log, TimeSpan noticeLimit)
    {
        _parts = new Parts(core, peers, content, patience, log);
        _lifeCycle = new LifeCycle(_parts, _stop.Token) { RemovalPatience = patience.CallLimit };
        Service = new ToolstackService(_parts, _lifeCycle, new GuestShutdown(_parts, _lifeCycle) { NoticeLimit = noticeLimit }, _recovered.Task);
    }

    /// <summary>What the operator calls. Calls wait until the guests have been found again.</summary>
    public Protos.Toolstack.Toolstack.ToolstackBase Service { get; }

    /// <summary>Ends when the guests have been found again.</summary>
    public Task Ready => _recovered.Task;

    /// <summary>Whether the guests have been found again.</summary>
    public bool IsReady => _recovered.Task.IsCompletedSuccessfully;

    /// <summary>All guests, for tests.</summary>
    internal GuestTable Guests => _parts.Guests;

    /// <summary>Who listens to events, for tests.</summary>
    internal EventHub Events => _parts.Events;

    /// <summary>Finds the guests again, and then does what follows from their ends, until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using CancellationTokenRegistration link = cancellation.Register(_stop.Cancel);
        Task rest;
        try
        {
            rest = await new Recovery(_parts, _lifeCycle).RunAsync(_stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return;
        }

        _recovered.TrySetResult();
        await Task.WhenAll(LogFailureAsync(rest), WatchAsync(), ScanNowAndThenAsync()).ConfigureAwait(false);
    }

    /// <summary>To be called when there is a new connection to qemu-dm, which may be one that knows no console.</summary>
    public async Task ConnectConsolesAsync()
    {
        try
        {
            await _recovered.Task.WaitAsync(_stop.Token).ConfigureAwait(false);
            await _lifeCycle.ConnectConsolesAsync(_stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The toolstack ends, and its next incarnation connects them.
        }
    }

    /// <summary>Ends everything that goes on; guests stay as they are.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    private async Task WatchAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using AsyncServerStreamingCall<DomainChange> changes = _parts.Peers.Memory.WatchDomains(
                    new WatchDomainsRequest(), new CallOptions(cancellationToken: _stop.Token).WithWaitForReady());
                while (await changes.ResponseStream.MoveNext(_stop.Token).ConfigureAwait(false))
                    Scan();
            }
            catch (Exception e) when (e is RpcException or OperationCanceledException)
            {
                await PauseAsync(TimeSpan.FromMilliseconds(200)).ConfigureAwait(false);
            }
        }
    }

    private async Task ScanNowAndThenAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            Scan();
            await PauseAsync(ScanPeriod).ConfigureAwait(false);
        }
    }

    private void Scan()
    {
        try
        {
            _ = LogFailureAsync(_lifeCycle.ScanAsync());
        }
        catch (CoreException e)
        {
            _parts.Log($"domains cannot be looked at: {e.Message}");
        }
    }

    private async Task LogFailureAsync(Task task)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch (Exception e) when (e is RpcException or CoreException or OperationCanceledException)
        {
            if (!_stop.IsCancellationRequested)
                _parts.Log(e.Message);
        }
    }

    private async Task PauseAsync(TimeSpan time) =>
        await Task.Delay(time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
