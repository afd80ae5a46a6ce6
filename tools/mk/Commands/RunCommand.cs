using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Win32.SafeHandles;
using Mk.Boot;
using Mk.Machine;
using Mk.Terminal;
using Mk.Xl;

namespace Mk.Commands;

/// <summary><c>mk run</c>: boots the core with guests and connects their consoles to the terminal.</summary>
public sealed class RunCommand
{
    private readonly Argument<string[]> _files = new("FILE.cfg") { Description = "A guest in xl.cfg syntax; several run at once", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string?> _log = new("--log") { Description = "Write the core's log and all consoles to this file too", HelpName = "FILE" };
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Do not show the core's log" };
    private readonly MachineFlags _machine;

    private RunCommand(Command command)
    {
        command.Add(_files);
        _machine = new MachineFlags(command);
        command.Add(_log);
        command.Add(_quiet);
        command.SetAction((parsed, _) => RunAsync(parsed));
    }

    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        var command = new Command("run", "Boot the core in QEMU with the guests that files in xl.cfg syntax describe. Ctrl-] leaves;\n"
            + "with several guests, Ctrl-] and a digit chooses the one that is typed to, Ctrl-] twice leaves.");
        _ = new RunCommand(command);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed)
    {
        IReadOnlyList<GuestConfig> guests = GuestFiles.Read(parsed.GetValue(_files)!, GuestScope.Core);
        CoreImage.Ensure();
        BootSet set = BootSet.For(guests);
        MachineOptions options = _machine.Read(parsed, GuestFiles.HostMemoryMiB(guests, set));
        bool quiet = parsed.GetValue(_quiet);
        RunResult result = await RunAsync(guests, set, options, quiet, parsed.GetValue(_log));
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

    private static async Task<RunResult> RunAsync(
        IReadOnlyList<GuestConfig> guests, BootSet set, MachineOptions options, bool quiet, string? logFile)
    {
        using var folder = new RunFolder();
        folder.Fill(set);
        using RawTerminal? terminal = RawTerminal.TryEnter();
        using Stream output = Console.OpenStandardOutput();
        using Stream errors = Console.OpenStandardError();
        using var screen = new RunScreen([.. guests.Select(static g => g.Name)], output, quiet ? null : errors, terminal is not null, logFile);
        await using VirtualMachine machine = VirtualMachine.Start(options, folder, QemuCommandLine.ForModules(options, set), screen);
        using var signals = new Signals(name => machine.Stop(new RunResult(ExitCode.Interrupted, $"ended by {name}")));
        new Thread(() => Type(machine, guests.Count)) { IsBackground = true }.Start();
        return await machine.Completion;
    }

    /// <summary>Carries standard input to the guests until it ends or the operator leaves. Runs on a thread of its own.</summary>
    private static void Type(VirtualMachine machine, int guests)
    {
        var keyboard = new Keyboard(guests);
        var buffer = new byte[256];
        // Not Console's stream: on a terminal that one reads whole lines, and sets the terminal's mode to do so.
        using var handle = new SafeFileHandle(0, ownsHandle: false);
        using Stream? input = handle.IsInvalid ? null : new FileStream(handle, FileAccess.Read, bufferSize: 0);
        while (!keyboard.Left && Read(input, buffer) is > 0 and var n)
        {
            foreach ((int guest, byte[] bytes) in keyboard.Type(buffer.AsSpan(0, n)))
                machine.SendAsync(guest, bytes).GetAwaiter().GetResult();
        }
        if (keyboard.Left)
            machine.Stop(new RunResult(ExitCode.Interrupted, "left with Ctrl-]; the guests are gone"));
    }

    /// <summary>Reads what is there; 0 at the end of the input, also when the terminal has been taken away.</summary>
    private static int Read(Stream? input, byte[] buffer)
    {
        try
        {
            return input?.Read(buffer) ?? 0;
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
