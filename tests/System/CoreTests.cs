using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Mk.Machine;
using NUnit.Framework;

namespace Mk.SystemTests;

/// <summary>The core by itself: what it says while it starts, and how it dies.</summary>
public sealed class CoreTests : SystemTest
{
    [TestCase(1)]
    [TestCase(2)]
    [TestCase(8)]
    [TestCase(64)]
    public async Task EveryCpuOfTheHostIsStarted(int cpus)
    {
        await using Session session = Boot(180, cpus, TestGuest("version64", "domid=1"));
        RunResult result = await session.Completion;
        Assert.That(result.Code, Is.EqualTo(ExitCode.Success), result.Reason);
        int emulated = QemuCommandLine.EmulatedCpus(cpus);
        Assert.That(session.Core.ToString(), Does.Contain($"(core) boot: {emulated} CPUs of {emulated} up"));
        Assert.That(session.Core.ToString().Contains("(core) boot: CPU 0 runs no guests", System.StringComparison.Ordinal), Is.EqualTo(cpus > 1));
    }

    [TestCase("pc,hpet=off", "clock ACPI PM timer at 3579545 Hz")]
    [TestCase("pc,acpi=off", "clock PIT at 1193182 Hz")]
    [TestCase("q35", "clock HPET at 100000000 Hz")]
    public async Task TheClockIsTheBestThatTheMachineHas(string machine, string clock)
    {
        var guest = TestGuest("version64", "domid=1");
        MachineOptions host = Host(120, 2, [guest]) with { ExtraArguments = ["-machine", machine] };
        await using Session session = Session.Start(host, [guest], Logs.New());
        RunResult result = await session.Completion;
        Assert.That(result.Code, Is.EqualTo(ExitCode.Success), result.Reason);
        Assert.That(session.Core.ToString(), Does.Contain("(core) boot: " + clock));
    }

    [TestCase("smt=off", 2)]
    [TestCase("smt=on", 4)]
    [TestCase("smt=on cpus=3", 3)]
    public async Task HyperthreadsAreUsedOnlyWhenAskedFor(string options, int cpus)
    {
        var guest = TestGuest("version64", "domid=1");
        MachineOptions host = Host(120, 4, [guest]) with
        {
            CoreOptions = options.Split(' '),
            ExtraArguments = ["-smp", "4,sockets=1,cores=2,threads=2"],
        };
        await using Session session = Session.Start(host, [guest], Logs.New());
        RunResult result = await session.Completion;
        Assert.That(result.Code, Is.EqualTo(ExitCode.Success), result.Reason);
        Assert.That(session.Core.ToString(), Does.Contain($"(core) boot: {cpus} CPUs of 4 up"));
    }

    [TestCase("null")]
    [TestCase("text")]
    [TestCase("constant")]
    [TestCase("execute")]
    [TestCase("physical")]
    [TestCase("stack")]
    [TestCase("divide")]
    [TestCase("bounds")]
    [TestCase("array")]
    [TestCase("checked")]
    [TestCase("throw")]
    [TestCase("allocate")]
    [TestCase("tables")]
    [TestCase("open")]
    [TestCase("copy")]
    [TestCase("exchange")]
    public async Task AFaultInTheCoreEndsInAReadablePanic(string fault)
    {
        var guest = TestGuest("version64", "domid=1");
        MachineOptions host = Host(60, 1, [guest]) with { CoreOptions = ["selftest=" + fault] };
        await using Session session = Session.Start(host, [guest], Logs.New());
        RunResult result = await session.Completion;
        Assert.That(result.Code, Is.EqualTo(ExitCode.CorePanicked), result.Reason);
        Assert.That(result.Reason, Does.StartWith("(core) PANIC: ").And.Contain("SelfTest"), "the backtrace names the function");
        Assert.That(session.Core.ToString(), Does.Contain("(core) END PANIC"));
    }

    [Test]
    public async Task TheCoreTakesAtMost16MiBOfA3GiBHost()
    {
        var guest = TestGuest("version64", "domid=1");
        MachineOptions host = Host(120, 2, [guest]) with { MemoryMiB = 3072 };
        await using Session session = Session.Start(host, [guest], Logs.New());
        await session.Completion;
        Match taken = Regex.Match(session.Core.ToString(), @"\(core\) memory: core takes ([\d,]+) KiB");
        Assert.That(taken.Success, Is.True);
        Assert.That(long.Parse(taken.Groups[1].Value.Replace(",", "")), Is.InRange(1, 16 * 1024));
    }

    [Test]
    public async Task AGuestThatDoesNotFitIsRefusedWithAReason()
    {
        var guest = TestGuest("version64", "domid=1", memoryMiB: 4096);
        await using Session session = Session.Start(Host(60, 1, [guest]) with { MemoryMiB = 512 }, [guest], Logs.New());
        RunResult result = await session.Completion;
        Assert.That(result, Is.EqualTo(new RunResult(ExitCode.Usage, "domain \"version64\" cannot be built: the host has not enough free memory")));
    }
}
