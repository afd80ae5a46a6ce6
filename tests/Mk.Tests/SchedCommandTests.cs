using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Scheduler;
using Mk.Control;
using NUnit.Framework;

namespace Mk.Tests;

/// <summary><c>mk sched</c>: what it asks for, what it prints, and what it refuses.</summary>
public sealed class SchedCommandTests : CommandFixture
{
    [Test]
    public async Task WhatIsSetIsSentAndNothingElse()
    {
        Guest("web");
        await Ok("sched", "set", "-d", "web", "-w", "512");
        Assert.That(Fake.Parameters[6], Is.EqualTo(new DomainParameters { Domain = 6, Weight = 512 }));
        await Ok("sched", "set", "-d", "6", "-b", "4000", "-p", "10ms", "-e", "0", "--priority", "2", "--pin", "1,3-4", "--pool", "fast", "-c", "50");
        Assert.That(Fake.Parameters[6], Is.EqualTo(new DomainParameters
        {
            Domain = 6,
            BudgetNs = 4_000_000,
            PeriodNs = 10_000_000,
            GetsExtraTime = false,
            Priority = 2,
            Pin = 0b11010,
            Pool = "fast",
            Cap = 50,
        }));
        await Ok("sched", "set", "-d", "web", "--pin", "all", "-b", "0");
        Assert.That(Fake.Parameters[6], Is.EqualTo(new DomainParameters { Domain = 6, Pin = 0, BudgetNs = 0 }));
        await Ok("sched", "set", "-d", "xenstore", "-w", "100");
        Assert.That(Fake.Parameters[2].Weight, Is.EqualTo(100));
    }

    [TestCase("nothing to set")]
    [TestCase("'soon' is no time", "-b", "soon")]
    [TestCase("'1-' is no set of CPUs", "--pin", "1-")]
    [TestCase("'2'", "-e", "2")]
    public async Task WhatCannotBeMeantIsRefused(string words, params string[] settings)
    {
        Guest("web");
        await Refused(ExitCode.Usage, words, ["sched", "set", "-d", "web", .. settings]);
        Assert.That(Fake.Parameters, Is.Empty);
    }

    [Test]
    public async Task ShowHasPoolsParametersAndWhatIsNotHonoured()
    {
        Guest("web");
        (_, _, string said) = await MkCommand.RunAsync("sched", "set", "-d", "web", "-w", "512", "-b", "2.5ms", "-p", "20ms", "-i", "1", "--pool", "default");
        Assert.That(said, Does.Contain("set, but not honoured now: interactive: no"));
        string shown = await Ok("sched", "show");
        Assert.That(shown, Does.StartWith("Cpupool default: sched=credit2 cpus=1,2 (services have a floor here)\n    a note\nName "));
        Assert.That(shown, Does.Contain("\nweb                                  6    512    0    0 2.5ms    20ms     no    yes   all      default\n    not honoured: interactive: no\n"));
        Assert.That(shown, Does.Contain("\nscheduler                            3    256    0    0 -        -        yes   no    all      (service)\n"));
        JsonElement json = await OkJson("sched", "show");
        Assert.That(json.GetProperty("domains").GetArrayLength(), Is.EqualTo(6));
        Assert.That(json.GetProperty("domains")[5].GetProperty("budget_seconds").GetDouble(), Is.EqualTo(0.0025));
        Assert.That(json.GetProperty("pools")[0].GetProperty("has_floors").GetBoolean(), Is.True);
    }

    [Test]
    public async Task PoliciesAreListedAndSwapped()
    {
        Assert.That(await Ok("sched", "list"), Is.EqualTo("Policy       In force in\ncredit2      default\nrtds         -\n"));
        await Ok("sched", "swap", "rtds");
        Assert.That(await Ok("sched", "list"), Does.Contain("rtds         default\n"));
        Assert.That((await OkJson("sched", "list"))[1].GetProperty("pools")[0].GetString(), Is.EqualTo("default"));
        Fail("SetPolicy", StatusCode.FailedPrecondition, "'null' gives vCPUs whole CPUs");
        await Refused(ExitCode.Usage, "whole CPUs", "sched", "swap", "null");
    }

    [Test]
    public async Task PoolsAreMadeChangedAndDestroyed()
    {
        await Ok("sched", "pools", "create", "fast", "--cpus", "2", "--policy", "rtds");
        Assert.That(await Ok("sched", "pools"), Does.Contain("Cpupool fast: sched=rtds cpus=2\n    'bad' was put back\n"));
        await Refused(ExitCode.Usage, "there is a pool 'fast'", "sched", "pools", "create", "fast", "--cpus", "2");
        await Ok("sched", "pools", "change", "fast", "--cpus", "1-2");
        Assert.That((await OkJson("sched", "pools")).EnumerateArray().Single(static p => p.GetProperty("name").GetString() == "fast").GetProperty("cpus").GetArrayLength(), Is.EqualTo(2));
        await Refused(ExitCode.Usage, "there is no pool 'slow'", "sched", "pools", "change", "slow", "--cpus", "1");
        await Refused(ExitCode.Usage, "is no set of CPUs", "sched", "pools", "create", "slow", "--cpus", "x");
        await Ok("sched", "pools", "destroy", "fast");
        Assert.That(await Ok("sched", "pools"), Does.Not.Contain("fast"));
    }

    [Test]
    public async Task TopShowsWhatVcpusDidSinceTheLastLook()
    {
        Guest("web");
        string[] lines = (await Ok("sched", "top", "-b", "-i", "2", "-d", "0.1")).Split('\n');
        string[] rows = [.. lines.Where(static l => l.Contains("web"))];
        Assert.That(rows, Has.Length.EqualTo(2));
        Assert.That(rows[1].Split(' ', System.StringSplitOptions.RemoveEmptyEntries), Is.EqualTo(
            new[] { "web", "1", "2", "running", "25.0", "0.0", "20.0", "<1", "0.0", "256", "2ms", "-", "20ms" }));
    }

    [TestCase("4000", 4_000_000ul)]
    [TestCase("2.5ms", 2_500_000ul)]
    [TestCase("100ns", 100ul)]
    [TestCase("1s", 1_000_000_000ul)]
    [TestCase("0", 0ul)]
    public void TimesAreReadAsXlDoesOrWithAUnit(string text, ulong ns)
    {
        Assert.That(SchedText.TryParseTime(text, out ulong got), Is.True);
        Assert.That(got, Is.EqualTo(ns));
        Assert.That(SchedText.TryParseTime(SchedText.Time(ns), out got) ? got : 0, Is.EqualTo(ns));
    }

    [TestCase("")]
    [TestCase("ms")]
    [TestCase("-1ms")]
    [TestCase("99999999999s")]
    public void OtherTextsAreNoTimes(string text) => Assert.That(SchedText.TryParseTime(text, out _), Is.False);

    [TestCase("1,3-5", new uint[] { 1, 3, 4, 5 })]
    [TestCase("0", new uint[] { 0 })]
    [TestCase("", null)]
    [TestCase("5-3", null)]
    [TestCase("1--2", null)]
    [TestCase("0-99999", null)]
    public void CpusAreReadAsXlDoes(string text, uint[]? cpus)
    {
        bool isSet = SchedText.TryParseCpus(text, out IReadOnlyList<uint> got);
        Assert.That(isSet, Is.EqualTo(cpus is not null));
        if (isSet)
            Assert.That(got, Is.EqualTo(cpus));
    }

    [TestCase("1,3-5", 0b111010ul)]
    [TestCase("63", 1ul << 63)]
    [TestCase("all", 0ul)]
    [TestCase("1-7,^4", 0b11101110ul)]
    [TestCase("^4,1-7", 0b11111110ul)]
    [TestCase("all,^0,^2-63", 0b10ul)]
    [TestCase("", null)]
    [TestCase("64", null)]
    [TestCase("^1", null)]
    [TestCase("1,^1", null)]
    [TestCase("1,^", null)]
    [TestCase("nodes:0", null)]
    public void PinsAreReadAsXlDoes(string text, ulong? pin)
    {
        bool isPin = SchedText.TryParsePin(text, out ulong got);
        Assert.That(isPin ? got : (ulong?)null, Is.EqualTo(pin));
    }
}
