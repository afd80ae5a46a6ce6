using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Microkernel.Protos.Scheduler;
using Mk.Machine;
using Mk.Testing;
using NUnit.Framework;

namespace Mk.SystemTests.Whole;

/// <summary>Under null two guests have two CPUs, each its own, and stay there.</summary>
[Category(TestChoice.ServicesCategory)]
[Parallelizable(ParallelScope.Self)]
public sealed class NullPolicyTests : SystemTest
{
    [Test]
    public async Task NobodyEverMoves()
    {
        await using WholeSystem system = await WholeSystem.StartAsync(new Logs().New(), 512, cpus: 3);
        var calls = new SchedulerCalls(system);
        IReadOnlyList<uint> cpus = await calls.MakePoolAsync(cpus: 2);
        await calls.SwapAsync("null");
        Dictionary<uint, Shell> shells = [];
        foreach (string name in new[] { "one", "two" })
        {
            SystemGuest guest = await system.CreateAsync(Linux(name: name, vcpus: 1, memoryMiB: 128) with { CpuPool = SchedulerCalls.Pool });
            shells[guest.Domain] = await guest.OpenShellAsync();
        }

        // It computes, and sleeps now and then, so that there is a wake-up after which it could run elsewhere.
        foreach (Shell shell in shells.Values)
            await shell.RunAsync("(while true; do i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); done; sleep 0.02; done) & true");
        List<VcpuUsage> before = await UsageAsync();
        await Task.Delay(TimeSpan.FromSeconds(5));
        List<VcpuUsage> after = await UsageAsync();
        Assert.That(after.Select(static v => v.Cpu).Order(), Is.EqualTo(cpus));
        Assert.That(after.Select(static v => v.Migrations), Is.All.Zero, "since each guest's start");
        for (int i = 0; i < after.Count; i++)
            Assert.That(after[i].Wakeups - before[i].Wakeups, Is.GreaterThan(20));

        async Task<List<VcpuUsage>> UsageAsync() => [.. (await calls.GetUsageAsync()).Vcpus.Where(v => shells.ContainsKey(v.Domain))];
    }
}
