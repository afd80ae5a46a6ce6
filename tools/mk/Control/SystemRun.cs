using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Mk.Boot;
using Mk.Daemon;
using Mk.Machine;
using Mk.Terminal;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Control;

/// <summary>A run of some guests in a system of their own, from its start to the last guest's end.</summary>
public sealed class SystemRun : IDisposable
{
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WatchAgain = TimeSpan.FromMilliseconds(200);

    private readonly CancellationTokenSource _over = new();
    private readonly TaskCompletionSource _watching = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SystemHost _host;
    private readonly SystemConnection _system;
    private readonly GuestOfRun[] _guests;

    /// <summary>Prepares the run of a system that is starting.</summary>
    /// <param name="host">The system.</param>
    /// <param name="guests">The guests.</param>
    /// <param name="screen">Receives what they print.</param>
    public SystemRun(SystemHost host, IReadOnlyList<GuestConfig> guests, RunScreen screen)
    {
        _host = host;
        _system = new SystemConnection(host.CallInvoker, null, _over.Token);
        _guests = [.. guests.Select((guest, i) => new GuestOfRun(_system, guest, bytes => screen.GuestOutput(i, bytes)))];
    }

    /// <summary>Types to a guest.</summary>
    public Task TypeAsync(int guest, ReadOnlyMemory<byte> keys) => _guests[guest].TypeAsync(keys, _over.Token);

    /// <summary>Creates the guests and waits for their ends, or for the machine's.</summary>
    public async Task<RunResult> RunAsync(Action<string> tell)
    {
        Task run = RunGuestsAsync(tell);
        await Task.WhenAny(run, _host.Completion);
        await _over.CancelAsync();
        await run;
        return await _host.Completion;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _system.Dispose();
        _over.Dispose();
    }

    private async Task RunGuestsAsync(Action<string> tell)
    {
        try
        {
            await new StartWatch(_host.CallInvoker, tell).RunAsync(_over.Token);
            Task watch = WatchAsync();
            await _watching.Task.WaitAsync(_over.Token);
            foreach (GuestOfRun guest in _guests)
                guest.Attach(await new GuestCreation(_system, static (_, _) => { }).RunAsync(guest.Config, isPaused: false));
            DomainEnd[] ends = await Task.WhenAll(_guests.Select(static g => g.End)).WaitAsync(_over.Token);
            await Task.WhenAll(_guests.Select(static g => g.DrainAsync(LastWords)));
            _host.Stop(Judge(ends));
            await _over.CancelAsync();
            await watch;
        }
        catch (RpcException e) when (!_over.IsCancellationRequested)
        {
            MkException failure = CallFailure.Explain(e);
            _host.Stop(new RunResult(failure.Code, failure.Message));
        }
        catch (Exception e) when (e is MkException or IOException)
        {
            _host.Stop(new RunResult((e as MkException)?.Code ?? ExitCode.Interrupted, e.Message));
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            // The machine has ended, and says why.
        }
    }

    private static RunResult Judge(DomainEnd[] ends) => new(
        ends.Any(static e => e.IsCrash) ? ExitCode.GuestCrashed : ExitCode.Success, string.Join('\n', ends.Select(static e => e.ToString())));

    /// <summary>Hands events to the guests they are about, until the run is over.</summary>
    private async Task WatchAsync()
    {
        while (!_over.IsCancellationRequested)
        {
            try
            {
                using AsyncServerStreamingCall<Api.GuestEvent> events = _system.Toolstack.Watch(new Api.WatchRequest(), _system.Long.WithWaitForReady());
                while (await events.ResponseStream.MoveNext(_over.Token))
                    await TakeAsync(events.ResponseStream.Current);
            }
            catch (Exception e) when (e is RpcException or OperationCanceledException)
            {
                await Task.Delay(WatchAgain, _over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task TakeAsync(Api.GuestEvent happened)
    {
        if (happened.Kind is Api.GuestEventKind.Watching or Api.GuestEventKind.LostSome)
            await LookAsync();
        else
            Array.Find(_guests, g => g.Config.Name == happened.Name)?.Take(happened);
    }

    /// <summary>After a break of the stream: what has become of the guests meanwhile.</summary>
    private async Task LookAsync()
    {
        if (_watching.TrySetResult())
            return;
        Dictionary<string, Api.GuestInfo> known = (await GuestList.ReadAsync(_system)).ToDictionary(static g => g.Name);
        foreach (GuestOfRun guest in _guests)
        {
            if (!known.TryGetValue(guest.Config.Name, out Api.GuestInfo? info))
                guest.TakeAbsence();
            else if (info.State is not (Api.GuestState.Building or Api.GuestState.Dying))
                guest.Attach(info.Domain);
        }
    }
}
