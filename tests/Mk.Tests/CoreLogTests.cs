using System.Linq;
using Mk.Machine;
using NUnit.Framework;

namespace Mk.Tests;

public sealed class CoreLogTests
{
    private static CoreLog Read(params string[] lines)
    {
        var log = new CoreLog();
        foreach (string line in lines)
            log.Add(line);
        return log;
    }

    [TestCase("(core) domain 1 \"a\" ended: poweroff: ", "poweroff", "", false)]
    [TestCase("(core) domain 1 \"a\" ended: crash: triple fault of vCPU 0", "crash", "triple fault of vCPU 0", true)]
    [TestCase("(core) domain 1 \"a\" ended: watchdog: 2 s without a sign", "watchdog", "2 s without a sign", true)]
    [TestCase("(core) domain 1 \"a\" ended: soft reset: ", "soft reset", "", false)]
    public void ReadsTheEndOfADomain(string line, string cause, string detail, bool isCrash)
    {
        DomainEnd end = Read(line).Ends.Single();
        Assert.That(end, Is.EqualTo(new DomainEnd("a", cause, detail, Restarting: false)));
        Assert.That(end.IsCrash, Is.EqualTo(isCrash));
    }

    [Test]
    public void ItHasStartedWhenTheFirstDomainHas()
    {
        Assert.That(Read("(core) boot: 3 CPUs of 3 up").HasStarted, Is.False);
        Assert.That(Read("(core) boot: 3 CPUs of 3 up", "(core) domain 1 \"memory\" started").HasStarted, Is.True);
    }

    [Test]
    public void WhatAGuestPrintsIsNotTheCoresWord() =>
        Assert.That(Read("[guest] (core) all domains have ended", " (core) PANIC: x").Finished, Is.False);

    [Test]
    public void APanicIsKeptFromItsFirstLineToItsEnd()
    {
        CoreLog log = Read("(core) up", "(core) PANIC: bad", "(core)   rax 0", "(core) END PANIC", "(core) more");
        Assert.That(log.PanicComplete, Is.True);
        Assert.That(log.Panic.Take(2), Is.EqualTo(new[] { "(core) PANIC: bad", "(core)   rax 0" }));
    }

    [Test]
    public void APanicCountsMoreThanAnythingElse()
    {
        CoreLog log = Read("(core) domain 1 \"a\" ended: poweroff", "(core) all domains have ended", "(core) PANIC: late");
        Assert.That(RunResult.Judge(log, false, 0, "").Code, Is.EqualTo(ExitCode.CorePanicked));
    }

    [Test]
    public void OneCrashedGuestMakesTheRunACrash()
    {
        CoreLog log = Read(
            "(core) domain 1 \"a\" ended: crash: x", "(core) domain 2 \"b\" ended: poweroff", "(core) all domains have ended");
        Assert.That(RunResult.Judge(log, false, 0, ""), Is.EqualTo(new RunResult(ExitCode.GuestCrashed, "a: crash: x\nb: poweroff")));
    }

    [Test]
    public void ARestartedCrashFollowedByAPoweroffIsASuccess()
    {
        CoreLog log = Read(
            "(core) domain 1 \"a\" ended: crash: x", "(core) domain 1 \"a\" restarting", "(core) domain 1 \"a\" ended: poweroff: ",
            "(core) all domains have ended");
        Assert.That(RunResult.Judge(log, false, 0, ""), Is.EqualTo(new RunResult(ExitCode.Success, "a: crash: x (restarted)\na: poweroff")));
    }

    [Test]
    public void ADomainThatCannotBeBuiltIsAMistakeOfItsConfiguration()
    {
        CoreLog log = Read("(core) domain \"a\" cannot be built: no memory", "(core) all domains have ended");
        Assert.That(RunResult.Judge(log, false, 0, ""), Is.EqualTo(new RunResult(ExitCode.Usage, "domain \"a\" cannot be built: no memory")));
    }

    [Test]
    public void AResetWithoutAWordIsTheCoresFaultAndAFailedQemuIsNot()
    {
        Assert.That(RunResult.Judge(Read(), true, 0, "").Code, Is.EqualTo(ExitCode.CorePanicked));
        RunResult failed = RunResult.Judge(Read(), false, 1, "qemu: no such CPU\n");
        Assert.That(failed, Is.EqualTo(new RunResult(ExitCode.QemuFailed, "QEMU ended with code 1 before the core did:\nqemu: no such CPU")));
    }

    [Test]
    public void LinesAreMadeOfPiecesAndNeverGrowWithoutLimit()
    {
        var splitter = new LineSplitter();
        Assert.That(splitter.Add("ab"u8), Is.Empty);
        Assert.That(splitter.Add("c\r\nd\n\ne"u8), Is.EqualTo(new[] { "abc", "d", "" }));
        Assert.That(splitter.Rest(), Is.EqualTo("e"));
        Assert.That(splitter.Rest(), Is.Null);
        Assert.That(splitter.Add(new byte[LineSplitter.Longest + 1]), Has.Count.EqualTo(1));
    }

    [FsCheck.NUnit.Property(MaxTest = 1000)]
    public void NoLineMakesTheReaderThrow(string? text) => Read("(core) " + text, "(core) domain 1 \"a\" ended: " + text, text ?? "");
}
