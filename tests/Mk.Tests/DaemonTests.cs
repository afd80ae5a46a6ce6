using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Mk.Boot;
using Mk.Control;
using Mk.Daemon;
using Mk.Machine;
using NUnit.Framework;

namespace Mk.Tests;

/// <summary>The daemon with a stand-in for QEMU, from its start to its end, also to a sudden one.</summary>
[NonParallelizable]
public sealed class DaemonTests
{
    private const string Core = "core (core) boot: 3 CPUs of 3 up, xAPIC (1 us)\\n(core) domain 1 \"memory\" started\\n";
    private const string Services = "guest 1.000 info memory starts\\n\\eA2.000 info xenstore starts\\n2.500 info serving\\n";
    private const string Up = $"{Core} | {Services} | services";

    private string _folder = "";

    [SetUp]
    public void CreateFolder()
    {
        _folder = Directory.CreateTempSubdirectory("mk-test-").FullName;
        Environment.SetEnvironmentVariable(SystemFolder.Variable, _folder);
    }

    [TearDown]
    public async Task EndAndDelete()
    {
        if (SystemState.Read() is { } state)
            await SystemCleanup.RunAsync(state);
        Environment.SetEnvironmentVariable(SystemFolder.Variable, null);
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<List<string>> Start(string script, double limit = 60, CancellationToken interrupted = default)
    {
        var options = new MachineOptions { Qemu = MkCommand.FakeQemu, ExtraArguments = ["-fake", script] };
        new StartPlan(options, new BootSet(SystemManifest.Write(), []), TimeSpan.FromSeconds(limit)).Write();
        List<string> steps = [];
        await DaemonStart.RunAsync(steps.Add, interrupted);
        return steps;
    }

    [Test, CancelAfter(120_000)]
    public async Task ASystemComesUpAnswersAndGoesDown(CancellationToken cancel)
    {
        List<string> steps = await Start(Up, interrupted: cancel);
        Assert.That(steps, Has.All.Match(@"^ *\d+\.\d\d s  "));
        Assert.That(steps.Select(static s => s[(s.IndexOf(" s  ", StringComparison.Ordinal) + 4)..]), Is.SupersetOf(new[]
        {
            "QEMU: runs", "core: 3 CPUs of 3 up", "memory: domain 1 started", "memory: starts", "xenstore: serving",
            "memory: answers", "xenstore: answers", "scheduler: answers", "qemu-dm: answers", "toolstack: answers", "the system is up",
        }));
        Assert.That(steps[^1], Does.EndWith("the system is up"));
        SystemState state = SystemState.Running();
        Assert.That(File.GetUnixFileMode(state.Socket), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        (int code, string output, string errors) = await MkCommand.RunAsync("info");
        Assert.That(code, Is.Zero, errors);
        Assert.That(output, Does.Contain("microkernel 0.3"));
        Assert.That(await File.ReadAllTextAsync(SystemFolder.LogOf("core"), cancel), Does.StartWith("(core) boot: 3 CPUs"));
        Assert.That(await File.ReadAllTextAsync(SystemFolder.LogOf("xenstore"), cancel), Is.EqualTo("2.000 info xenstore starts\n2.500 info serving\n"));
        Assert.That((await MkCommand.RunAsync("down")).Code, Is.Zero);
        Assert.That(state.Daemon.IsAlive || state.Qemu!.Value.IsAlive || Directory.Exists(state.Folder) || File.Exists(SystemFolder.State), Is.False);
        Assert.That((await MkCommand.RunAsync("down")).Errors, Does.Contain("no system is running"));
    }

    [Test, CancelAfter(120_000)]
    public async Task OneSystemAtATime(CancellationToken cancel)
    {
        await Start(Up, interrupted: cancel);
        (int code, _, string errors) = await MkCommand.RunAsync("up");
        Assert.That((ExitCode)code, Is.EqualTo(ExitCode.Usage));
        Assert.That(errors, Does.Contain("a system is running already"));
        (code, _, errors) = await MkCommand.RunAsync("daemon");
        Assert.That((ExitCode)code, Is.EqualTo(ExitCode.NoSystem), errors);
    }

    [Test, CancelAfter(120_000)]
    public async Task DownEndsWhatADaemonThatDiedLeft(CancellationToken cancel)
    {
        await Start(Up, interrupted: cancel);
        SystemState state = SystemState.Running();
        state.Daemon.Signal(ProcessIdentity.Kill);
        await state.Daemon.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.That(state.Qemu!.Value.IsAlive, Is.True);
        Assert.That((await MkCommand.RunAsync("list")).Errors, Does.Contain("the system's daemon is gone"));
        (int code, _, string errors) = await MkCommand.RunAsync("down");
        Assert.That(code, Is.Zero, errors);
        Assert.That(errors, Does.Contain("cleaning up"));
        Assert.That(state.Qemu.Value.IsAlive || Directory.Exists(state.Folder), Is.False);
    }

    [Test, CancelAfter(120_000)]
    public async Task ASignalEndsADaemonInOrder(CancellationToken cancel)
    {
        await Start(Up, interrupted: cancel);
        SystemState state = SystemState.Running();
        state.Daemon.Signal(ProcessIdentity.Terminate);
        Assert.That(await state.Daemon.WaitAsync(TimeSpan.FromSeconds(60)), Is.True);
        Assert.That(state.Qemu!.Value.IsAlive || Directory.Exists(state.Folder) || File.Exists(SystemFolder.State), Is.False);
        Assert.That(await File.ReadAllTextAsync(SystemFolder.DaemonLog, cancel), Does.Contain("asked to end by SIGTERM").And.Contain("stopped as asked"));
    }

    [Test, CancelAfter(120_000)]
    public async Task APanicIsRemembered(CancellationToken cancel)
    {
        await Start($"{Up} | sleep 3000 | core (core) PANIC: bad\\n(core) END PANIC\\n", interrupted: cancel);
        await SystemState.Running().Daemon.WaitAsync(TimeSpan.FromSeconds(60));
        (int code, _, string errors) = await MkCommand.RunAsync("list");
        Assert.That((ExitCode)code, Is.EqualTo(ExitCode.NoSystem));
        Assert.That(errors, Does.Contain("no system is running (the last one ended: (core) PANIC: bad); start it with: mk up"));
    }

    [TestCase($"{Core} | core (core) PANIC: bad\\n(core) END PANIC\\n", ExitCode.CorePanicked, "the machine ended during the start: (core) PANIC: bad")]
    [TestCase("error no such CPU | exit 1", ExitCode.QemuFailed, "no such CPU")]
    [TestCase($"{Core} | hang", ExitCode.TimeLimit, "these services do not answer after 3 s: memory, xenstore, scheduler, qemu-dm, toolstack")]
    [CancelAfter(120_000)]
    public async Task AStartThatFailsSaysWhyAndLeavesNothing(string script, ExitCode code, string words, CancellationToken cancel)
    {
        MkException failure = (await Assert.ThrowsAsync<MkException>(() => Start(script, limit: 3, cancel)))!;
        Assert.That(failure.Code, Is.EqualTo(code), failure.Message);
        Assert.That(failure.Message, Does.Contain(words).And.Contain("the end of the core's log"));
        Assert.That(SystemState.Read(), Is.Null);
    }

    [Test, CancelAfter(120_000)]
    public async Task AMissingQemuIsNamed(CancellationToken cancel)
    {
        new StartPlan(new MachineOptions { Qemu = "/nowhere/qemu" }, new BootSet("", []), TimeSpan.FromSeconds(60)).Write();
        MkException failure = (await Assert.ThrowsAsync<MkException>(() => DaemonStart.RunAsync(static _ => { }, cancel)))!;
        Assert.That(failure.Code, Is.EqualTo(ExitCode.QemuFailed));
        Assert.That(failure.Message, Does.Contain("/nowhere/qemu"));
    }

    [Test, CancelAfter(120_000)]
    public async Task AnInterruptedStartLeavesNothing(CancellationToken cancel)
    {
        using var interrupted = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        MkException failure = (await Assert.ThrowsAsync<MkException>(() => Start($"{Core} | hang", interrupted: interrupted.Token)))!;
        Assert.That(failure.Code, Is.EqualTo(ExitCode.Interrupted));
        Assert.That(SystemState.Read(), Is.Null);
    }

    [Test]
    public void AProcessIsNotMistakenForALaterOneOfTheSameNumber()
    {
        ProcessIdentity own = ProcessIdentity.Current;
        Assert.That(own.IsAlive, Is.True);
        Assert.That((own with { Start = own.Start - 1 }).IsAlive, Is.False);
        using Process other = Process.Start("true");
        other.WaitForExit();
        Assert.That(ProcessIdentity.Of(other.Id), Is.Null);
    }

    [Test]
    public void ALogDoesNotGrowForEver()
    {
        string file = Path.Combine(_folder, "x.log");
        using (var log = new LogFile(file, limit: 10))
        {
            foreach (string line in new[] { "12345\n", "abcd", "ABCDE\n" })
                log.Write(System.Text.Encoding.ASCII.GetBytes(line));
        }
        Assert.That(File.ReadAllText(file), Is.EqualTo("ABCDE\n"));
        Assert.That(File.ReadAllText(file + ".1"), Is.EqualTo("12345\nabcd"));
    }

    [Test]
    public void TheManifestNamesEveryServiceWithItsRingsAndPrivileges()
    {
        string text = SystemManifest.Write();
        Assert.That(text, Does.Contain("slots 32\n").And.Contain("slot_vcpus 64\ndomain memory\n  kernel service.vmlinux\n  ramdisk memory.img\n"));
        Assert.That(SystemManifest.Services.Skip(1).Select(name => text.Contains($"service {name}\n")), Is.All.True);
        Assert.That(text, Does.Contain("  ring toolstack 1M\n").And.Contain("  privilege control info log doorbell\n  device 1af4:1110 2\n"));
        BootSet set = SystemManifest.Set(static name => "/images/" + name);
        Assert.That(set.Modules.Select(static m => m.Name), Is.EqualTo(new[]
        {
            "service.vmlinux", "memory.img", "xenstore.img", "scheduler.img", "qemu-dm.img", "toolstack.img",
        }));
    }

    [Test]
    public void AStoreForManyNodesHasALargerDomain()
    {
        Assert.That(StoreSize.For(1), Is.EqualTo(StoreSize.Usual));
        Assert.That(StoreSize.For(10_000), Is.EqualTo(StoreSize.Usual));
        Assert.That(SystemManifest.Write(), Does.Contain("  kept 8M\n").And.Not.Contain("memory 97M"));
        StoreSize large = StoreSize.For(1_000_000), largest = StoreSize.For(StoreSize.MostNodes);
        Assert.That(SystemManifest.Write(large), Does.Contain($"  memory {large.MemoryMiB}M\n").And.Contain($"  kept {large.KeptMiB}M\n"));
        Assert.That(large.KeptMiB, Is.InRange(520, 750));
        Assert.That(large.MemoryMiB, Is.GreaterThan(large.KeptMiB + 500));
        Assert.That(largest.KeptMiB, Is.LessThanOrEqualTo(1024), "more the core does not keep");
    }

    [Test]
    public void QemuGetsTheDeviceOfTheRing()
    {
        IReadOnlyList<string> arguments = QemuCommandLine.ForSystem(new MachineOptions(), new BootSet("", []), 1 << 20);
        Assert.That(string.Join(' ', arguments), Does.EndWith(
            "-object memory-backend-file,id=link,share=on,mem-path=link,size=1048576 -device ivshmem-plain,memdev=link"));
    }
}
