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

/// <summary>
/// What policies promise, as Linux guests see it that compute all the time, in virtual time on one CPU, which they share with the services.
/// </summary>
[Category(TestChoice.ServicesCategory)]
[Parallelizable(ParallelScope.Self)]
public sealed partial class PolicyTimesTests : SystemTest
{
    private const string DefaultPool = "";

    // Who sleeps 14 ms, works 4.5 ms and so on is idle for three quarters of the time, but wants a little more than a fifth of the CPU.
    private const string MostlyIdle = "wakeups 200 14000 4500";
    private const int SlotToleranceUs = 100;

    // A turn is seen to be shorter than it was by the way in and out, and the guest's own timer interrupts.
    private const int UnseenUs = 50;

    private static readonly string[] s_names = ["one", "two", "three", "four", "five"];
    private static readonly List<Shell> s_shells = [];
    private static readonly List<uint> s_domains = [];
    private static WholeSystem s_system = null!;
    private static SchedulerCalls s_calls = null!;

    [OneTimeSetUp]
    public static async Task Start()
    {
        string ramdisk = GuestPrograms.WriteInitramfs();
        s_system = await WholeSystem.StartAsync(new Logs().New(), 1024, cpus: 1, icount: 0);
        s_calls = new SchedulerCalls(s_system);
        foreach (string name in s_names)
        {
            SystemGuest guest = await s_system.CreateAsync(Linux(name: name, vcpus: 1, memoryMiB: 128) with { RamdiskPath = ramdisk });
            s_domains.Add(guest.Domain);
            s_shells.Add(await guest.OpenShellAsync());
        }
    }

    [OneTimeTearDown]
    public static async Task Stop() => await s_system.DisposeAsync();

    [TearDown]
    public async Task AsAtFirst()
    {
        await s_calls.SwapAsync("credit2", DefaultPool);
        foreach (uint domain in s_domains)
            await s_calls.SetAsync(new DomainParameters { Domain = domain, Weight = 256, Cap = 0, BudgetNs = 0 });
    }

    [TestCase("credit2")]
    [TestCase("credit")]
    public async Task WeightsShareTheCpu(string policy)
    {
        uint[] weights = [128, 256, 512];
        await s_calls.SwapAsync(policy, DefaultPool);
        for (int i = 0; i < weights.Length; i++)
            await s_calls.SetAsync(new DomainParameters { Domain = s_domains[i], Weight = weights[i] });

        double[] ran = [.. (await WatchAsync(weights.Length, 8)).Select(static t => t.Ran)];
        Say(ran.Select(r => $"{r / ran.Sum():P2}"));
        for (int i = 0; i < weights.Length; i++)
            Assert.That(ran[i] / ran.Sum(), Is.EqualTo(weights[i] / 896.0).Within(3).Percent);
    }

    [TestCase("credit2")]
    [TestCase("credit")]
    public async Task CapsHold(string policy)
    {
        uint[] caps = [10, 25, 40];
        await s_calls.SwapAsync(policy, DefaultPool);
        for (int i = 0; i < caps.Length; i++)
            await s_calls.SetAsync(new DomainParameters { Domain = s_domains[i], Cap = caps[i] });

        // A guest does not see the way in and out of each of its short turns: the core counts the time that it had.
        GetUsageResponse before = null!, after = null!;
        List<Timeline> lines = await WatchAsync(caps.Length, 4, async () =>
        {
            before = await s_calls.GetUsageAsync();
            await Task.Delay(TimeSpan.FromSeconds(10));
            after = await s_calls.GetUsageAsync();
        });
        for (int i = 0; i < caps.Length; i++)
        {
            double seen = lines[i].Ran / lines[i].Watched;
            double had = (RanNs(after, i) - RanNs(before, i)) / (after.NowNs - before.NowNs);
            Say([$"cap {caps[i]} %: {had:P2}, of which it saw {seen:P2}"]);
            Assert.That(had, Is.EqualTo(caps[i] / 100.0).Within(2).Percent);
            Assert.That(seen, Is.InRange(had * 0.95, had * 1.01));
        }
    }

    // With the services' fifth of the CPU nine tenths are promised.
    [Test]
    public async Task RtdsMissesNoDeadline()
    {
        (ulong Budget, ulong Period)[] wanted = [(2500, 10_000), (5000, 20_000), (10_000, 50_000)];
        await s_calls.SwapAsync("rtds", DefaultPool);
        await ReserveAsync(wanted);
        List<Timeline> lines = await WatchAsync(wanted.Length, 6);
        for (int i = 0; i < wanted.Length; i++)
        {
            double worst = lines[i].WorstPeriod((long)wanted[i].Period);
            Say([$"{wanted[i].Budget} us of every {wanted[i].Period}: {worst} us in the worst of {lines[i].Watched / wanted[i].Period:0} periods"]);
            Assert.That(worst, Is.InRange(wanted[i].Budget - UnseenUs, wanted[i].Budget));
        }
    }

    [Test]
    public async Task SlotsComeWhenTheyShould()
    {
        (ulong Budget, ulong Period)[] wanted = [(2000, 10_000), (2500, 10_000), (3000, 10_000)];
        await s_calls.SwapAsync("arinc653", DefaultPool);
        await ReserveAsync(wanted);
        List<Timeline> lines = await WatchAsync(wanted.Length, 6);
        for (int i = 0; i < wanted.Length; i++)
        {
            // The first and the last turn are cut off by the program's own start and end.
            IReadOnlyList<(long Start, long Length)> turns = [.. lines[i].Turns.Skip(1).SkipLast(1)];
            long early = turns.Select((t, n) => t.Start - (n * (long)wanted[i].Period)).Min();
            long late = turns.Select((t, n) => t.Start - (n * (long)wanted[i].Period)).Max();
            Say([$"{turns.Count} slots of {wanted[i].Budget} us: {turns.Min(static t => t.Length)} to {turns.Max(static t => t.Length)} us, starts {late - early} us apart at most"]);
            Assert.That(turns, Has.Count.GreaterThan(500));
            Assert.That(turns.Select(static t => t.Length), Is.All.EqualTo((long)wanted[i].Budget).Within(SlotToleranceUs));
            Assert.That(late - early, Is.LessThanOrEqualTo(SlotToleranceUs));
        }
    }

    [Test]
    public async Task InteractiveGuestsWakeUpSooner()
    {
        Shell idle = s_shells[^1];
        foreach (Shell shell in s_shells.SkipLast(1))
            await shell.RunAsync("timeline 3600 100 > /dev/null & true");

        Dictionary<string, int> late = [];
        foreach (string policy in new[] { "credit2", "interactive" })
        {
            await s_calls.SwapAsync(policy, DefaultPool);
            await idle.RunAsync(MostlyIdle);
            string line = await idle.RunAsync(MostlyIdle);
            Say([$"{policy}: {line.Trim()}"]);
            late[policy] = int.Parse(Late().Match(line).Groups[1].Value, CultureInfo.InvariantCulture);
        }

        foreach (Shell shell in s_shells.SkipLast(1))
            await shell.RunAsync("killall timeline; wait");

        Assert.That(late["interactive"], Is.LessThanOrEqualTo(late["credit2"] / 2));
    }

    private static async Task ReserveAsync((ulong Budget, ulong Period)[] wanted)
    {
        for (int i = 0; i < wanted.Length; i++)
        {
            await s_calls.SetAsync(new DomainParameters
            {
                Domain = s_domains[i],
                BudgetNs = wanted[i].Budget * 1000,
                PeriodNs = wanted[i].Period * 1000,
                GetsExtraTime = false,
            });
        }
    }

    // All guests compute, before and after, too: what one sees must not depend on when the others begin and end.
    private static async Task<List<Timeline>> WatchAsync(int guests, int seconds, Func<Task>? meanwhile = null)
    {
        Shell[] shells = [.. s_shells.Take(guests)];
        string command = $"timeline 3 100 > /dev/null; timeline {seconds} 100 list > /tmp/turns; timeline 3600 100 > /dev/null & true";
        await Task.WhenAll(shells.Select(shell => shell.RunAsync(command)));
        await (meanwhile?.Invoke() ?? Task.CompletedTask);
        List<Timeline> lines = [];
        foreach (Shell shell in shells)
            await shell.RunAsync("killall timeline; wait");

        foreach (Shell shell in shells)
            lines.Add(Timeline.Parse(await shell.RunAsync("cat /tmp/turns")));

        return lines;
    }

    private static double RanNs(GetUsageResponse usage, int guest) => usage.Vcpus.Where(v => v.Domain == s_domains[guest]).Sum(static v => (double)v.RanNs);

    private static void Say(IEnumerable<string> figures) => TestContext.Out.WriteLine(string.Join(", ", figures));

    [GeneratedRegex(@"95% (\d+) us")]
    private static partial Regex Late();
}
