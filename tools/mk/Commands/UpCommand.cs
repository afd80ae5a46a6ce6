using System;
using System.CommandLine;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Mk.Boot;
using Mk.Control;
using Mk.Daemon;
using Mk.Machine;
using Mk.Terminal;

namespace Mk.Commands;

/// <summary><c>mk up</c>: starts the whole system in the background.</summary>
public sealed class UpCommand
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(120);

    private readonly MachineFlags _machine;

    private UpCommand(Command command)
    {
        _machine = new MachineFlags(command, "Give up if the system is not up after this many seconds (default: 120)");
        command.SetAction((parsed, _) => RunAsync(parsed));
    }

    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        var command = new Command("up", "Start the whole system in QEMU, in the background; done when all services answer. 'mk down' ends it.");
        _ = new UpCommand(command);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed)
    {
        using (FileStream turn = SystemLock.Take() ?? throw AlreadyRuns())
        {
            if (SystemState.Read() is { } stale)
            {
                Say.Line("a system whose daemon died is left; cleaning up");
                await SystemCleanup.RunAsync(stale);
            }
            MachineOptions options = _machine.Read(parsed, 0);
            Prepare(options);
        }
        using var interrupted = new CancellationTokenSource();
        using var signals = new Signals(_ => interrupted.Cancel());
        await DaemonStart.RunAsync(Say.Line, interrupted.Token);
        return (int)ExitCode.Success;
    }

    private static MkException AlreadyRuns() => new(ExitCode.Usage, "a system is running already; 'mk list' shows its guests, 'mk down' ends it");

    /// <summary>Builds what is booted, and writes down what the daemon is to do.</summary>
    private static void Prepare(MachineOptions options)
    {
        BootSet set = SystemImages.Prepare();
        File.Delete(SystemFolder.Progress);
        File.Delete(SystemFolder.End);
        new StartPlan(options with { TimeLimit = null }, set, options.TimeLimit ?? StartLimit).Write();
    }
}
