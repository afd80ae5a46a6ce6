using System;
using System.Diagnostics;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Mk.Boot;
using Mk.Machine;
using NUnit.Framework;

namespace Mk.SystemTests;

/// <summary>What happens to a Linux guest between its boot and its end, and how it ends.</summary>
public sealed class LinuxLifeTests : SystemTest
{
    [Test]
    public async Task SysHypervisorReadsAsOnXen()
    {
        await using Session session = Boot(120, 2, Linux());
        Shell shell = await Shell.OpenAsync(session);
        Assert.That(await shell.RunAsync("cat /sys/hypervisor/version/major /sys/hypervisor/version/minor"), Is.EqualTo("4\n17\n"));
        Assert.That(await shell.RunAsync("cat /sys/hypervisor/uuid"), Does.Match("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\n$"));
        Assert.That(await shell.RunAsync("cat /sys/hypervisor/properties/capabilities"), Does.Contain("hvm-3.0-x86_64"));
        Assert.That(await shell.RunAsync("cat /sys/hypervisor/guest_type"), Is.EqualTo("PVH\n"));
        Assert.That(await shell.RunAsync("dmesg"), Does.Contain("Booting paravirtualized kernel on Xen PVH"));
        await End(session, shell, "poweroff");
    }

    [TestCase("poweroff")]
    [TestCase("halt")]
    public async Task PowerOffAndHaltEndTheDomain(string command)
    {
        await using Session session = Boot(120, 2, Linux());
        await End(session, await Shell.OpenAsync(session), command);
    }

    [Test]
    public async Task RebootStartsTheSameGuestAgain()
    {
        await using Session session = Boot(180, 2, Linux());
        Shell shell = await Shell.OpenAsync(session);
        await shell.RunAsync("touch /tmp/first");
        await shell.TypeLineAsync("reboot");
        // The shell is started once more before the system goes down; only the new system says hello.
        await session.ReadAsync(session.Guest(0), "^This is a shell in memory");
        Shell again = await Shell.OpenAsync(session);
        Assert.That((await again.TryRunAsync("test -e /tmp/first")).Code, Is.EqualTo(1));
        await End(session, again, "poweroff");
        Assert.That(session.Core.ToString(), Does.Contain("\"linux\" ended: reboot").And.Contain("\"linux\" restarting"));
    }

    [Test]
    public async Task RebootEndsTheGuestWhereItsFileSaysSo()
    {
        await using Session session = Boot(120, 2, Linux() with { OnReboot = EndAction.Destroy });
        await End(session, await Shell.OpenAsync(session), "reboot");
    }

    [Test]
    public async Task AKernelPanicIsACrash()
    {
        await using Session session = Boot(120, 2, Linux());
        Shell shell = await Shell.OpenAsync(session);
        await shell.TypeLineAsync("echo c > /proc/sysrq-trigger");
        RunResult result = await session.Completion;
        Assert.That(result.Code, Is.EqualTo(ExitCode.GuestCrashed));
        Assert.That(result.Reason, Does.StartWith("linux: crash"));
    }

    [Test]
    public async Task AVcpuIsUnpluggedAndPluggedInAgain()
    {
        await using Session session = Boot(150, 2, Linux(vcpus: 3));
        Shell shell = await Shell.OpenAsync(session);
        for (int round = 0; round < 3; round++)
        {
            await shell.RunAsync("echo 0 > /sys/devices/system/cpu/cpu2/online");
            Assert.That(await shell.RunAsync("cat /sys/devices/system/cpu/online"), Is.EqualTo("0-1\n"));
            await shell.RunAsync("echo 1 > /sys/devices/system/cpu/cpu2/online");
            Assert.That(await shell.RunAsync("taskset 4 nproc"), Is.EqualTo("1\n"));
        }
        await End(session, shell, "poweroff");
    }

    [Test]
    public async Task TheBalloonGivesMemoryBackAndTakesItAgain()
    {
        const string Balloon = "/sys/devices/system/xen_memory/xen_memory0";
        await using Session session = Boot(150, 2, Linux(memoryMiB: 256));
        Shell shell = await Shell.OpenAsync(session);
        long before = await CurrentKib();
        await SetTarget(before - 65536);
        Assert.That(await CurrentKib(), Is.EqualTo(before - 65536));
        await SetTarget(before);
        Assert.That(await CurrentKib(), Is.EqualTo(before));
        await shell.RunAsync("dd if=/dev/zero of=/tmp/fill bs=1M count=64 2>/dev/null; rm /tmp/fill");
        await End(session, shell, "poweroff");

        // As long as it takes; a busy host makes it slow.
        Task SetTarget(long kib) => shell.RunAsync(
            $"echo {kib} > {Balloon}/target_kb; for i in $(seq 40); do [ $(cat {Balloon}/info/current_kb) = {kib} ] && break; sleep 1; done");

        async Task<long> CurrentKib() => long.Parse((await shell.RunAsync($"cat {Balloon}/info/current_kb")).Trim());
    }

    [Test]
    public async Task MoreThan32VcpusAreUsable()
    {
        await using Session session = Boot(300, 2, Linux(vcpus: 40, memoryMiB: 1024));
        Shell shell = await Shell.OpenAsync(session);
        Assert.That(await shell.RunAsync("nproc"), Is.EqualTo("40\n"));
        Assert.That(await shell.RunAsync("taskset 8000000000 nproc"), Is.EqualTo("1\n"), "the 40th one runs a program");
        await End(session, shell, "poweroff");
    }

    [Test]
    public async Task StressOfCpuAndMemoryLeavesTheGuestWhole()
    {
        await using Session session = Boot(240, 2, Linux(vcpus: 2, memoryMiB: 512, ramdisk: "stress.initramfs"));
        Shell shell = await Shell.OpenAsync(session);
        string output = await shell.RunAsync("stress-ng --cpu 2 --vm 1 --vm-bytes 64M --verify -t 60 2>&1");
        Assert.That(output, Does.Contain("successful run completed"));
        Assert.That(await shell.RunAsync("dmesg"), Does.Not.Match("(?i)soft lockup|rcu.*stall|clocksource.*unstable|BUG:|\\bOops"));
        await End(session, shell, "poweroff");
    }

    [Test]
    public async Task SleepingTakesNeitherLessNorMuchMoreThanItsTime()
    {
        await using Session session = Boot(120, 2, Linux());
        Shell shell = await Shell.OpenAsync(session);
        string[] lines = (await shell.RunAsync("cat /proc/uptime; sleep 5; cat /proc/uptime")).Split('\n');
        double[] uptimes = [.. lines.Take(2).Select(static l => double.Parse(Regex.Match(l, @"^[\d.]+").Value))];
        Assert.That(uptimes[1] - uptimes[0], Is.InRange(5.0, 6.5));
        await End(session, shell, "poweroff");
    }

    [Test]
    public async Task TheClockOfTheDayGoesAsTheMachinesDoes()
    {
        await using Session session = Boot(180, 2, Linux());
        Shell shell = await Shell.OpenAsync(session);
        TimeSpan atFirst = await LagAsync(shell);
        await shell.RunAsync("sleep 60");
        TimeSpan atLast = await LagAsync(shell);
        TestContext.Out.WriteLine($"{(atLast - atFirst).TotalMilliseconds} ms behind QEMU's clock after 60 s");
        Assert.That((atLast - atFirst).Duration(), Is.LessThan(TimeSpan.FromMilliseconds(10)));
        await End(session, shell, "poweroff");
    }

    // QEMU's clock is the host's monotonic one: that of the day may be set while the test runs. The answer takes its time to get
    // here: the quickest of many counts, and on a busy host there are not many quick ones.
    private static async Task<TimeSpan> LagAsync(Shell shell)
    {
        TimeSpan least = TimeSpan.MaxValue;
        for (int i = 0; i < 50; i++)
        {
            // Busybox's date knows no parts of a second.
            Match time = Regex.Match(await shell.RunAsync("busybox adjtimex"), @"tv_sec:\s*(\d+)\s+time.tv_usec:\s*(\d+)");
            TimeSpan lag = Stopwatch.GetElapsedTime(0)
                - TimeSpan.FromSeconds(long.Parse(time.Groups[1].Value)) - TimeSpan.FromMicroseconds(long.Parse(time.Groups[2].Value));
            least = lag < least ? lag : least;
        }

        return least;
    }

    private static async Task End(Session session, Shell shell, string command)
    {
        await shell.TypeLineAsync(command);
        RunResult result = await session.Completion;
        Assert.That(result.Code, Is.EqualTo(ExitCode.Success), result.Reason);
    }
}
