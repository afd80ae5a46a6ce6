using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;
using Mk.Boot;
using Mk.Machine;

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
        IReadOnlyList<GuestConfig> guests = GuestFiles.Read(files);
        CoreImage.Ensure();
        MachineOptions options = _machine.Read(parsed, GuestFiles.HostMemoryMiB(guests, BootSet.For(guests)));
        options = options with { TimeLimit = options.TimeLimit ?? TimeSpan.FromSeconds(180) };
        int count = parsed.GetValue(_count);
        var verdicts = new List<BootVerdict>();
        for (int number = 1; number <= count; number++)
        {
            long start = Stopwatch.GetTimestamp();
            (BootVerdict verdict, string reason) = await BootAsync(options, guests, Repository.InRoot($"out/boots/{number}.log"));
            verdicts.Add(verdict);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"boot {number}: {Words(verdict)} ({Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s){(verdict == BootVerdict.Good ? "" : "\n" + reason)}"));
        }
        int failed = verdicts.Count(static v => v == BootVerdict.Failed), suspects = verdicts.Count(static v => v == BootVerdict.QemuSuspect);
        Console.WriteLine($"{count - failed - suspects} of {count} boots good, {failed} failed, {suspects} like a known fault of QEMU");
        return (int)(failed + suspects == 0 ? ExitCode.Success : ExitCode.GuestCrashed);
    }

    private static async Task<(BootVerdict Verdict, string Reason)> BootAsync(MachineOptions options, IReadOnlyList<GuestConfig> guests, string log)
    {
        await using Session session = Session.Start(options, guests, log);
        string reason;
        try
        {
            await Task.WhenAll(Enumerable.Range(0, guests.Count).Select(guest => UseAsync(session, guest)));
            RunResult result = await session.Completion;
            if (result.Code == ExitCode.Success)
                return (BootVerdict.Good, "");
            reason = result.Reason;
        }
        catch (SessionException e)
        {
            reason = e.Message;
        }
        bool suspect = options.Cpus > 1 && IsKnownFault(session);
        return (suspect ? BootVerdict.QemuSuspect : BootVerdict.Failed, $"{reason}\nsee {log}");
    }

    private static async Task UseAsync(Session session, int guest)
    {
        Shell shell = await Shell.OpenAsync(session, guest);
        await shell.RunAsync("cat /proc/interrupts");
        await shell.TypeLineAsync("poweroff");
    }

    /// <summary>
    /// QEMU 7.2 keeps the vector of an interrupt that VMRUN injected: when it stops that CPU for something else before the next
    /// exit, it delivers the interrupt once more although interrupts are off. Linux then dies of its entry stack, or of a
    /// triple fault if that comes early. A like fault of the core could not be told from it: such a boot is no good boot either.
    /// </summary>
    private static bool IsKnownFault(Session session) =>
        !session.Core.ToString().Contains(CoreLog.Prefix + "PANIC", StringComparison.Ordinal)
        && (session.Core.ToString().Contains("triple fault", StringComparison.OrdinalIgnoreCase)
            || session.AllGuests().Contains("ENTRY_TRAMPOLINE", StringComparison.Ordinal));

    private static string Words(BootVerdict verdict) => verdict switch
    {
        BootVerdict.Good => "good",
        BootVerdict.Failed => "FAILED",
        _ => "like a known fault of QEMU",
    };
}
