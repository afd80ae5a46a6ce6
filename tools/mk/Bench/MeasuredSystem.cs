using System;
using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Mk.Boot;
using Mk.Control;
using Mk.Daemon;
using Mk.Machine;
using Mk.Terminal;

namespace Mk.Bench;

/// <summary>A system that is started to measure something in it, and ended afterwards, also by a signal.</summary>
public static class MeasuredSystem
{
    /// <summary>Starts one, measures, and ends it.</summary>
    /// <param name="options">The machine.</param>
    /// <param name="set">What it boots.</param>
    /// <param name="patience">How long all of it may take.</param>
    /// <param name="measure">Measures; receives the system, and how long its services took until all answered.</param>
    /// <exception cref="MkException">It does not come up, or not in time; a service fails; or a signal came.</exception>
    public static async Task<T> RunAsync<T>(MachineOptions options, BootSet set, TimeSpan patience, Func<SystemConnection, TimeSpan, CancellationToken, Task<T>> measure)
    {
        using var limit = new CancellationTokenSource(patience);
        using var folder = new RunFolder();
        string? signal = null;
        try
        {
            long start = Stopwatch.GetTimestamp();
            await using SystemHost host = SystemHost.Start(options, set, folder, new NoOutput(), static _ => { });
            using var signals = new Signals(name =>
            {
                signal = name;
                limit.Cancel();
            });
            await new StartWatch(host.CallInvoker, static _ => { }).RunAsync(limit.Token);
            TimeSpan started = Stopwatch.GetElapsedTime(start);
            using var system = new SystemConnection(host.CallInvoker, null, limit.Token);
            return await measure(system, started, limit.Token);
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            if (signal is not null)
                throw new MkException(ExitCode.Interrupted, $"ended by {signal}");
            if (limit.IsCancellationRequested)
                throw new MkException(ExitCode.TimeLimit, $"the measurement was not done within {patience.TotalSeconds} s; a quieter machine may do it");
            throw new MkException(ExitCode.GuestCrashed, $"the measurement failed: {e.Message}");
        }
    }
}
