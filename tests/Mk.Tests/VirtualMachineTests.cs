using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using Mk.Machine;
using NUnit.Framework;

namespace Mk.Tests;

/// <summary>The plumbing of a run, with a stand-in for QEMU that plays a script.</summary>
public sealed class VirtualMachineTests
{
    private const string Up = "event {\"event\": \"RESUME\"} | core (core) up\\n";
    private const string AllEnded = "core (core) domain 1 \"a\" ended: poweroff\\n(core) all domains have ended\\n";

    private sealed class Record : IMachineOutput
    {
        public StringBuilder Text { get; } = new();

        public void CoreLine(string line) => Text.Append($"<{line}>");

        public void GuestOutput(int guest, ReadOnlyMemory<byte> bytes) => Text.Append($"{guest}:{Encoding.Latin1.GetString(bytes.Span)};");
    }


    private static async Task<(RunResult Result, string Output)> Play(string script, Func<VirtualMachine, Task>? meanwhile = null, double limit = 30)
    {
        using var folder = new RunFolder();
        var record = new Record();
        var options = new MachineOptions { Qemu = MkCommand.FakeQemu, TimeLimit = TimeSpan.FromSeconds(limit) };
        await using VirtualMachine machine = VirtualMachine.Start(options, folder, ["-fake", script], record);
        if (meanwhile is not null)
            await meanwhile(machine);
        return (await machine.Completion, record.Text.ToString());
    }

    [Test, CancelAfter(60_000)]
    public async Task ARunEndsWhenAllDomainsHave(CancellationToken cancel)
    {
        (RunResult result, string output) = await Play($"{Up} | guest hi | {AllEnded} | guest  bye");
        Assert.That(result, Is.EqualTo(new RunResult(ExitCode.Success, "a: poweroff")));
        Assert.That(output, Does.Contain("<(core) up>").And.Contain("<(core) all domains have ended>"));
        string guest = string.Concat(Regex.Matches(output, "0:(.*?);").Select(static m => m.Groups[1].Value));
        Assert.That(guest, Is.EqualTo("hi bye"), "the last words come after the end of the domain");
    }

    [Test, CancelAfter(60_000)]
    public async Task InputReachesTheGuestFramed(CancellationToken cancel)
    {
        (RunResult result, _) = await Play($"expect \\eAls | {AllEnded}", static machine => machine.SendAsync(1, "ls"u8.ToArray()));
        Assert.That(result.Code, Is.EqualTo(ExitCode.Success));
    }

    [Test, CancelAfter(60_000)]
    public async Task TheBellIsRungOnceADomainRuns(CancellationToken cancel)
    {
        (RunResult result, _) = await Play($"expect \\e! | {AllEnded}", static async machine => await RingUntilEnd(machine), limit: 3);
        Assert.That(result.Code, Is.EqualTo(ExitCode.TimeLimit), "before it would be lost");
        (result, _) = await Play($"core (core) domain 1 \"a\" started\\n | expect \\e! | {AllEnded}", static async machine => await RingUntilEnd(machine));
        Assert.That(result.Code, Is.EqualTo(ExitCode.Success));
    }

    private static async Task RingUntilEnd(VirtualMachine machine)
    {
        while (!machine.Completion.IsCompleted)
        {
            machine.RingBell();
            await Task.Delay(20);
        }
    }

    [Test, CancelAfter(60_000)]
    public async Task APanicEndsTheRunWithItsWholeReport(CancellationToken cancel)
    {
        (RunResult result, _) = await Play($"{Up} | core (core) PANIC: bad\\n | sleep 300 | core (core) rip 1\\n(core) END PANIC\\n");
        Assert.That(result, Is.EqualTo(new RunResult(ExitCode.CorePanicked, "(core) PANIC: bad\n(core) rip 1")));
    }

    [Test, CancelAfter(60_000)]
    public async Task APanicThatNeverEndsIsGivenFiveSeconds(CancellationToken cancel)
    {
        (RunResult result, _) = await Play("core (core) PANIC: bad\\n");
        Assert.That(result, Is.EqualTo(new RunResult(ExitCode.CorePanicked, "(core) PANIC: bad")));
    }

    [Test, CancelAfter(60_000)]
    public async Task TheTimeLimitEndsAHangingRun(CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        (RunResult result, _) = await Play(Up, limit: 1);
        Assert.That(result.Code, Is.EqualTo(ExitCode.TimeLimit));
        Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(TimeSpan.FromSeconds(20)));
    }

    [Test, CancelAfter(60_000)]
    public async Task AQemuThatFailsIsToldApartFromACoreThatResets(CancellationToken cancel)
    {
        (RunResult failed, _) = await Play("error no such CPU | exit 1");
        Assert.That(failed.Code, Is.EqualTo(ExitCode.QemuFailed));
        Assert.That(failed.Reason, Does.Contain("no such CPU"));
        (RunResult reset, _) = await Play("event {\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true, \"reason\": \"guest-reset\"}} | sleep 200 | exit 0");
        Assert.That(reset.Code, Is.EqualTo(ExitCode.CorePanicked));
    }

    [Test, CancelAfter(60_000)]
    public async Task StoppingARunEndsQemu(CancellationToken cancel)
    {
        (RunResult result, _) = await Play(Up, static machine =>
        {
            machine.Stop(new RunResult(ExitCode.Interrupted, "left"));
            return Task.CompletedTask;
        });
        Assert.That(result, Is.EqualTo(new RunResult(ExitCode.Interrupted, "left")));
    }

    [Test]
    public void AMissingQemuIsNamed()
    {
        using var folder = new RunFolder();
        Assert.That(() => VirtualMachine.Start(new MachineOptions { Qemu = "/nowhere/qemu" }, folder, [], new Record()),
            Throws.TypeOf<MkException>().With.Message.Contains("/nowhere/qemu").And.Property("Code").EqualTo(ExitCode.QemuFailed));
    }
}
