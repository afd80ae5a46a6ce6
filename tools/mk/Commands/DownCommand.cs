using System;
using System.CommandLine;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Mk.Control;
using Mk.Daemon;

namespace Mk.Commands;

/// <summary><c>mk down</c>: ends the running system.</summary>
public static class DownCommand
{
    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        var limit = new Option<double>("--timeout") { Description = "How long guests have to shut down; 0 destroys them at once", DefaultValueFactory = static _ => 30, HelpName = "SECONDS" };
        limit.Validators.Add(static r =>
        {
            if (r.GetValueOrDefault<double>() is not (>= 0 and <= 1e6))
                r.AddError("--timeout is out of range");
        });
        var command = new Command("down", "End the running system: guests are asked to shut down, then QEMU is ended. Also cleans up after a daemon that died.") { limit };
        command.SetAction((parsed, _) => RunAsync(TimeSpan.FromSeconds(parsed.GetValue(limit))));
        return command;
    }

    private static async Task<int> RunAsync(TimeSpan limit)
    {
        if (SystemState.Read() is not { } state)
        {
            Say.Line("no system is running");
            return (int)ExitCode.Success;
        }
        if (state.Daemon.IsAlive)
            await StopGuestsAsync(limit);
        else
            Say.Line("the system's daemon is gone; cleaning up");
        await SystemCleanup.RunAsync(state);
        Say.Line("the system is down");
        return (int)ExitCode.Success;
    }

    private static async Task StopGuestsAsync(TimeSpan limit)
    {
        try
        {
            using var system = SystemConnection.Open(CancellationToken.None);
            await new GuestStop(system, Say.Line).RunAsync(limit);
        }
        catch (RpcException e)
        {
            Say.Error($"the guests cannot be ended in order: {e.Status.Detail}");
        }
    }
}
