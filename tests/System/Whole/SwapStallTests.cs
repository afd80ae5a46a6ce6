using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Microkernel.Protos.Scheduler;
using Mk.Machine;
using Mk.Testing;
using NUnit.Framework;

namespace Mk.SystemTests.Whole;

/// <summary>Two guests share a CPU of their own and look, in virtual time, how long they do not run while policies change.</summary>
[Category(TestChoice.ServicesCategory)]
[Parallelizable(ParallelScope.Self)]
public sealed partial class SwapStallTests : SystemTest
{
    private const int LongestStallUs = 20_000;

    // What the other guest has in any case, before it is this one's turn.
    private const int SliceUs = 10_000;

    // With instructions counted one CPU stands still while another executes: the services' is left to come to rest after a swap.
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);
    private static readonly int s_rounds = LongRuns.Read("SCHEDULER_ROUNDS", 1);

    [Test]
    public async Task NoGuestStandsStillForLongWhilePoliciesChange()
    {
        string ramdisk = GuestPrograms.WriteInitramfs();
        await using WholeSystem system = await WholeSystem.StartAsync(Logs.New(), 512, cpus: 2, icount: 0);
        SchedulerCalls calls = new(system);
        await calls.MakePoolAsync();
        List<Shell> shells = [];
        foreach (string name in new[] { "one", "two" })
        {
            SystemGuest guest = await system.CreateAsync(Linux(name: name, vcpus: 1, memoryMiB: 128) with { RamdiskPath = ramdisk });
            await calls.SetAsync(new DomainParameters { Domain = guest.Domain, Pool = SchedulerCalls.Pool });
            shells.Add(await guest.OpenShellAsync());
        }

        foreach (Shell shell in shells)
            await shell.RunAsync("timeline 3600 100 > /tmp/timeline & true");

        List<double> times = [];
        foreach (string policy in Enumerable.Repeat(SchedulerCalls.AllPairs(), s_rounds).SelectMany(static round => round))
        {
            times.Add(await calls.SwapAsync(policy));
            await Task.Delay(s_pause);
        }

        foreach (Shell shell in shells)
        {
            string line = await shell.RunAsync("killall timeline; wait; cat /tmp/timeline");
            await TestContext.Out.WriteLineAsync($"{times.Count} swaps, {times.Average():0.0} ms each, at most {times.Max():0.0} ms: {line.Trim()}");
            Assert.That(int.Parse(Longest().Match(line).Groups[1].Value, CultureInfo.InvariantCulture), Is.InRange(1, SliceUs + LongestStallUs));
        }
    }

    [GeneratedRegex(@"longest (\d+) us")]
    private static partial Regex Longest();
}
