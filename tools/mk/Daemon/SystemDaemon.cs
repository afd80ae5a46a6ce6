using System;
using System.Globalization;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Gateway;
using Mk.Control;
using Mk.Machine;
using Mk.Terminal;

namespace Mk.Daemon;

/// <summary>
/// The process that a running system belongs to: it owns QEMU, keeps the logs, has the host's side of the ring to the toolstack, and
/// passes gRPC calls from a Unix socket on to it.
/// </summary>
public sealed class SystemDaemon
{
    /// <summary>How long guests have when the daemon itself is asked to end; <c>mk down</c> asks them before.</summary>
    private static readonly TimeSpan GuestLimit = TimeSpan.FromSeconds(20);

    private readonly StartPlan _plan;
    private readonly StartProgress _progress = new();
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SystemDaemon(StartPlan plan) => _plan = plan;

    /// <summary>Runs a system from its start to its end.</summary>
    /// <returns>How it ended.</returns>
    /// <exception cref="MkException">There is a system already, or QEMU cannot be started.</exception>
    public static async Task<ExitCode> RunAsync()
    {
        using FileStream turn = SystemLock.Take() ?? throw new MkException(ExitCode.NoSystem, "a system of this checkout is running already");
        var daemon = new SystemDaemon(StartPlan.Read());
        using var signals = new Signals(name =>
        {
            Log($"asked to end by {name}");
            daemon._asked.TrySetResult();
        });
        try
        {
            return await daemon.RunMachineAsync();
        }
        catch (MkException e)
        {
            daemon._progress.End(e.Code, e.Message);
            throw;
        }
        finally
        {
            SystemState.Delete();
        }
    }

    private static void Log(string text) =>
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{DateTime.Now:yyyy-MM-dd HH:mm:ss.fff} {text}"));

    private async Task<ExitCode> RunMachineAsync()
    {
        using var folder = new RunFolder();
        using var logs = new SystemLogs(new StartSteps(_progress.Tell));
        var state = new SystemState(ProcessIdentity.Current, null, folder.Path);
        state.Write();
        await using SystemHost host = SystemHost.Start(_plan.Machine, _plan.Set, folder, logs, Log);
        state = state with { Qemu = ProcessIdentity.Of(host.ProcessId) };
        state.Write();
        Log($"QEMU is process {host.ProcessId}, its files are in {folder.Path}");
        _progress.Tell("QEMU: runs");
        await using GatewayServer gateway = await GatewayServer.StartAsync(state.Socket, host.CallInvoker);
        if (await StartAsync(host))
            await Task.WhenAny(_asked.Task, host.Completion);
        if (!host.Completion.IsCompleted)
            await StopAsync(host);
        RunResult end = await host.Completion;
        Log($"ended: {end.Reason}");
        if (!_asked.Task.IsCompleted)
            File.WriteAllText(SystemFolder.End, end.Reason);
        return _asked.Task.IsCompleted ? ExitCode.Success : end.Code;
    }

    /// <summary>Waits until all services answer.</summary>
    /// <returns>False if they do not; the progress says why.</returns>
    private async Task<bool> StartAsync(SystemHost host)
    {
        using var over = new CancellationTokenSource(_plan.Limit);
        var watch = new StartWatch(host.CallInvoker, _progress.Tell);
        Task up = watch.RunAsync(over.Token);
        await Task.WhenAny(up, host.Completion, _asked.Task);
        if (up.IsCompletedSuccessfully)
            _progress.End(ExitCode.Success, "the system is up");
        else if (_asked.Task.IsCompleted)
            _progress.End(ExitCode.Interrupted, "asked to end during the start");
        else if (host.Completion.IsCompleted)
            EndByMachine(await host.Completion);
        else
            EndByLimit(watch, host);
        await over.CancelAsync();
        await up.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return up.IsCompletedSuccessfully;
    }

    private void EndByMachine(RunResult end) =>
        _progress.End(end.Code == ExitCode.Success ? ExitCode.NoSystem : end.Code, $"the machine ended during the start: {end.Reason}");

    private void EndByLimit(StartWatch watch, SystemHost host)
    {
        string text = string.Create(CultureInfo.InvariantCulture,
            $"these services do not answer after {_plan.Limit.TotalSeconds:0} s: {string.Join(", ", watch.Missing)}");
        _progress.End(ExitCode.TimeLimit, text);
        host.Stop(new RunResult(ExitCode.TimeLimit, text));
    }

    private async Task StopAsync(SystemHost host)
    {
        try
        {
            using var limit = new CancellationTokenSource(GuestLimit * 2);
            using var system = new SystemConnection(host.CallInvoker, null, limit.Token);
            await new GuestStop(system, Log).RunAsync(GuestLimit);
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            Log($"the guests could not be ended in order: {e.Message}");
        }
        host.Stop(new RunResult(ExitCode.Success, "stopped as asked"));
    }
}
