using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Threading.Tasks;
using Mk.Boot;
using Mk.Control;
using Mk.Machine;
using Mk.Terminal;
using Mk.Xl;

namespace Mk.Commands;

/// <summary><c>mk run</c>: boots a system with guests, or the core with nothing else, and connects their consoles to the terminal.</summary>
public sealed class RunCommand
{
    private readonly Argument<string[]> _files = new("FILE.cfg") { Description = "A guest in xl.cfg syntax; several run at once", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string?> _log = new("--log") { Description = "Write the core's log and all consoles to this file too", HelpName = "FILE" };
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Do not show the core's log" };
    private readonly Option<bool> _bare = new("--bare") { Description = "Boot the core alone, which builds the guests itself; without services" };
    private readonly MachineFlags _machine;

    private RunCommand(Command command)
    {
        command.Add(_files);
        _machine = new MachineFlags(command);
        command.Add(_log);
        command.Add(_quiet);
        command.Add(_bare);
        command.SetAction((parsed, _) => RunAsync(parsed));
    }

    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        var command = new Command("run", "Boot a system of its own in QEMU with the guests that files in xl.cfg syntax describe; it ends with them.\n"
            + "Ctrl-] leaves; with several guests, Ctrl-] and a digit chooses the one that is typed to, Ctrl-] twice leaves.");
        _ = new RunCommand(command);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed)
    {
        bool quiet = parsed.GetValue(_quiet);
        RunResult result = parsed.GetValue(_bare) ? await RunBareAsync(parsed) : await RunSystemAsync(parsed);
        // Of a panic that stands above in the core's log, the first line will do.
        IEnumerable<string> reason = result.Reason.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (string line in result.Code == ExitCode.CorePanicked && !quiet ? reason.Take(1) : reason)
        {
            if (result.Code == ExitCode.Success)
                Say.Line(line);
            else
                Say.Error(line);
        }
        return (int)result.Code;
    }

    private async Task<RunResult> RunBareAsync(ParseResult parsed)
    {
        IReadOnlyList<GuestConfig> guests = GuestFiles.Read(parsed.GetValue(_files)!, GuestScope.Core);
        CoreImage.Ensure();
        BootSet set = BootSet.For(guests);
        MachineOptions options = _machine.Read(parsed, GuestFiles.HostMemoryMiB(guests, set));
        using var folder = new RunFolder();
        folder.Fill(set);
        using var terminal = new RunTerminal(guests, parsed.GetValue(_quiet), parsed.GetValue(_log));
        await using VirtualMachine machine = VirtualMachine.Start(options, folder, QemuCommandLine.ForModules(options, set), terminal.Screen);
        using var signals = new Signals(name => machine.Stop(new RunResult(ExitCode.Interrupted, $"ended by {name}")));
        terminal.Type(machine.SendAsync, machine.Stop);
        return await machine.Completion;
    }

    private async Task<RunResult> RunSystemAsync(ParseResult parsed)
    {
        IReadOnlyList<GuestConfig> guests = GuestFiles.Read(parsed.GetValue(_files)!, GuestScope.System);
        BootSet set = SystemImages.Prepare();
        MachineOptions options = _machine.Read(parsed, guests.Sum(static g => g.MaximumMemoryMiB) + SystemImages.MemoryMiB);
        bool quiet = parsed.GetValue(_quiet);
        using var folder = new RunFolder();
        using var terminal = new RunTerminal(guests, quiet, parsed.GetValue(_log));
        void Tell(string text) => terminal.Screen.CoreLine("mk: " + text);
        await using SystemHost host = SystemHost.Start(options, set, folder, new SystemRunOutput(terminal.Screen), Tell);
        using var run = new SystemRun(host, guests, terminal.Screen);
        using var signals = new Signals(name => host.Stop(new RunResult(ExitCode.Interrupted, $"ended by {name}")));
        terminal.Type(run.TypeAsync, host.Stop);
        return await run.RunAsync(Tell);
    }
}
