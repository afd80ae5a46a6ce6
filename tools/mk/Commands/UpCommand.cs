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
    private readonly Option<int?> _storeNodes = new("--store-nodes") { Description = "Give XenStore room for so many nodes (default: some 10,000); a million take 2 GiB", HelpName = "N" };

    private UpCommand(Command command)
    {
        _machine = new MachineFlags(command, "Give up if the system is not up after this many seconds (default: 120)");
        _storeNodes.Validators.Add(static r =>
        {
            if (r.GetValueOrDefault<int?>() is < 1 or > StoreSize.MostNodes)
                r.AddError($"--store-nodes is out of range (1 to {StoreSize.MostNodes})");
        });
        command.Add(_storeNodes);
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
            StoreSize store = parsed.GetValue(_storeNodes) is { } nodes ? StoreSize.For(nodes) : StoreSize.Usual;
            MachineOptions options = _machine.Read(parsed, store.ExtraMiB + new MachineOptions().MemoryMiB);
            Prepare(options, store);
        }
        using var interrupted = new CancellationTokenSource();
        using var signals = new Signals(_ => interrupted.Cancel());
        await DaemonStart.RunAsync(Say.Line, interrupted.Token);
        return (int)ExitCode.Success;
    }

    private static MkException AlreadyRuns() => new(ExitCode.Usage, "a system is running already; 'mk list' shows its guests, 'mk down' ends it");

    /// <summary>Builds what is booted, and writes down what the daemon is to do.</summary>
    private static void Prepare(MachineOptions options, StoreSize store)
    {
        BootSet set = SystemImages.Prepare(store);
        File.Delete(SystemFolder.Progress);
        File.Delete(SystemFolder.End);
        new StartPlan(options with { TimeLimit = null }, set, options.TimeLimit ?? StartLimit).Write();
    }
}
