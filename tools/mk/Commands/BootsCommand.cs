using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;
using Mk.Boot;
using Mk.Machine;
using Mk.Terminal;
using Mk.Xl;

namespace Mk.Commands;

/// <summary><c>mk boots</c>: boots again and again, for faults that come rarely.</summary>
public sealed class BootsCommand
{
    private readonly Argument<int> _count = new("N") { Description = "How many boots" };
    private readonly Argument<string[]> _files = new("FILE.cfg") { Description = "The guests, Linux with the busybox file system (default: examples/debian.cfg)", Arity = ArgumentArity.ZeroOrMore };
    private readonly MachineFlags _machine;

    private BootsCommand(Command command)
    {
        _count.Validators.Add(static r =>
        {
            if (r.GetValueOrDefault<int>() < 1)
                r.AddError("N must be at least 1");
        });
        command.Add(_count);
        command.Add(_files);
        _machine = new MachineFlags(command);
        command.SetAction((parsed, _) => RunAsync(parsed));
    }

    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        var command = new Command("boots", "Boot N times in a row: each boot must reach a shell, run a command there and power off.");
        _ = new BootsCommand(command);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed)
    {
        string[] files = parsed.GetValue(_files) is { Length: > 0 } named ? named : [Repository.InRoot("examples/debian.cfg")];
        IReadOnlyList<GuestConfig> guests = GuestFiles.Read(files, GuestScope.Core);
        CoreImage.Ensure();
        MachineOptions options = _machine.Read(parsed, GuestFiles.HostMemoryMiB(guests, BootSet.For(guests)));
        options = options with { TimeLimit = options.TimeLimit ?? TimeSpan.FromSeconds(180) };
        int count = parsed.GetValue(_count);
        int good = 0;
        for (int number = 1; number <= count; number++)
        {
            long start = Stopwatch.GetTimestamp();
            string? failure = await BootAsync(options, guests, Repository.InRoot($"out/boots/{number}.log"));
            good += failure is null ? 1 : 0;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"boot {number}: {(failure is null ? "good" : "FAILED")} ({Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s){(failure is null ? "" : "\n" + failure)}"));
        }
        Console.WriteLine($"{good} of {count} boots good");
        return (int)(good == count ? ExitCode.Success : ExitCode.GuestCrashed);
    }

    // What went wrong, or null.
    private static async Task<string?> BootAsync(MachineOptions options, IReadOnlyList<GuestConfig> guests, string log)
    {
        await using Session session = Session.Start(options, guests, log);
        using Signals signals = session.StopOnSignals();
        string? reason = null;
        try
        {
            await Task.WhenAll(Enumerable.Range(0, guests.Count).Select(guest => UseAsync(session, guest)));
            RunResult result = await session.Completion;
            if (result.Code != ExitCode.Success)
                reason = result.Reason;
        }
        catch (SessionException e)
        {
            reason = e.Message;
        }
        session.ThrowIfSignalled();
        return reason is null ? null : $"{reason}\nsee {log}";
    }

    private static async Task UseAsync(Session session, int guest)
    {
        Shell shell = await Shell.OpenAsync(session, guest);
        await shell.RunAsync("cat /proc/interrupts");
        await shell.TypeLineAsync("poweroff");
    }
}
