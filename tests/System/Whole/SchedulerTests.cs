using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Scheduler;
using Mk.Boot;
using Mk.Machine;
using Mk.Testing;
using Mk.Tracing;
using NUnit.Framework;
using GuestState = Microkernel.Protos.Toolstack.GuestState;
using UnpauseRequest = Microkernel.Protos.Toolstack.UnpauseRequest;

namespace Mk.SystemTests.Whole;

/// <summary>Policies change, and the scheduler dies, while two guests compute and check themselves on a CPU of their own.</summary>
[Category(TestChoice.ServicesCategory)]
[Parallelizable(ParallelScope.Self)]
public sealed class SchedulerTests : SystemTest
{
    private static readonly int s_rounds = LongRuns.Read("SCHEDULER_ROUNDS", 1);
    private static readonly int s_kills = LongRuns.Read("SCHEDULER_KILLS", 2);
    private static readonly string[] s_names = ["one", "two"];
    private static readonly Dictionary<string, Shell> s_shells = [];
    private static readonly Dictionary<string, uint> s_domains = [];
    private static WholeSystem s_system = null!;
    private static SchedulerCalls s_calls = null!;
    private static uint s_cpu;

    [OneTimeSetUp]
    public static async Task Start()
    {
        s_system = await WholeSystem.StartAsync(new Logs().New(), 1024);
        s_calls = new SchedulerCalls(s_system);
        s_cpu = (await s_calls.MakePoolAsync()).Single();
        foreach (string name in s_names)
        {
            SystemGuest guest = await s_system.CreateAsync(Linux(name: name, vcpus: 1, ramdisk: StressLoad.Ramdisk));
            s_domains[name] = guest.Domain;
            await s_calls.SetAsync(new DomainParameters { Domain = guest.Domain, Pool = SchedulerCalls.Pool, Weight = name == "one" ? 256u : 512 });
            s_shells[name] = await guest.OpenShellAsync();
            await StressLoad.StartAsync(s_shells[name]);
        }
    }

    [OneTimeTearDown]
    public static async Task Stop() => await s_system.DisposeAsync();

    [TearDown]
    public async Task TheGuestsHaveNoticedNothing()
    {
        foreach (string name in s_names)
            await StressLoad.CheckAsync(s_shells[name], name);
    }

    [Test]
    public async Task GuestsRunOnTheirPoolsCpuAndServicesElsewhere()
    {
        Assert.That((await s_calls.GetPolicyAsync()).Pools.Single(static p => p.Pool == SchedulerCalls.Pool).HasFloors, Is.False);
        foreach (VcpuUsage vcpu in (await s_calls.GetUsageAsync()).Vcpus)
        {
            ulong pool = 1UL << (int)s_cpu;
            bool isGuest = s_domains.ContainsValue(vcpu.Domain);
            Assert.That(vcpu.Affinity & pool, isGuest ? Is.EqualTo(vcpu.Affinity) : Is.Zero, $"domain {vcpu.Domain}");
        }
    }

    [Test]
    public async Task AllPairsOfPoliciesAreSwapped()
    {
        await s_calls.SwapAsync("credit2");
        List<string> wanted = await s_calls.WishesAsync();
        List<double> times = [];
        foreach (string policy in Enumerable.Repeat(SchedulerCalls.AllPairs(), s_rounds).SelectMany(static round => round))
        {
            times.Add(await s_calls.SwapAsync(policy));
            foreach (string name in s_names)
                Assert.That(await s_shells[name].RunAsync("echo $((6 * 7))"), Is.EqualTo("42\n"), $"{name}, {policy}");
        }

        times.Sort();
        await TestContext.Out.WriteLineAsync($"{times.Count} swaps: median {times[times.Count / 2]:0.0} ms, worst {times[^1]:0.0} ms");
        Assert.That(await s_calls.WishesAsync(), Is.EqualTo(wanted));
        Assert.That((await s_calls.GetPolicyAsync()).Pools.Select(static p => p.LastFailure), Is.All.Empty);
    }

    [Test]
    public async Task TheSchedulerIsKilledAndEverythingIsAsItWas()
    {
        await s_calls.SwapAsync("rtds");
        List<string> wanted = await s_calls.WishesAsync(), contexts = await s_calls.ContextsAsync(s_domains.Values);
        List<double> times = [];
        for (int kill = 0; kill < s_kills; kill++)
        {
            uint restarts = (await s_system.ListServicesAsync())["scheduler"].Restarts;
            var clock = Stopwatch.StartNew();
            await s_system.KillAsync("scheduler");
            await s_system.AnswersAgainAsync("scheduler", restarts);
            times.Add(clock.Elapsed.TotalSeconds);
            Assert.That((await s_calls.GetPolicyAsync()).Pools.Single(static p => p.Pool == SchedulerCalls.Pool).Policy, Is.EqualTo("rtds"));
            Assert.That(await s_calls.WishesAsync(), Is.EqualTo(wanted));
            Assert.That(await s_calls.ContextsAsync(s_domains.Values), Is.EqualTo(contexts));
        }

        await TestContext.Out.WriteLineAsync($"{times.Count} kills: back after {times.Average():0.0} s, at most {times.Max():0.0} s");
    }

    [Test]
    public async Task ATraceHasAllTheTimeThatGuestsHad()
    {
        const long slice = 10_000_000;
        await s_calls.SwapAsync("credit2");
        GetUsageResponse before = await s_calls.GetUsageAsync();
        SchedTrace trace = await s_calls.TraceAsync(TimeSpan.FromSeconds(3));
        GetUsageResponse after = await s_calls.GetUsageAsync();
        TraceSlice[] slices = [.. trace.Slices.Where(static s => s.Cpu == s_cpu)];
        Assert.That(slices.Zip(slices.Skip(1)).All(static pair => pair.First.End <= pair.Second.Start), Is.True, "one after the other");
        Assert.That(trace.Losses.Where(static l => l.Cpu == s_cpu), Is.Empty);
        long outside = (long)(after.NowNs - before.NowNs) - trace.Length;
        foreach (uint domain in s_domains.Values)
        {
            long traced = slices.Where(s => s.Domain == domain).Sum(static s => s.End - s.Start), had = RanNs(after, domain) - RanNs(before, domain);
            Assert.That(traced, Is.InRange(had - outside - slice, had + slice), $"domain {domain}, {outside} ns of the usage are not in the trace");
            Assert.That(traced, Is.GreaterThan(trace.Length / 10), "it computes all the time");
        }
    }

    [Test]
    public async Task WhatCannotBeIsRefused()
    {
        RpcException floor = (await Assert.ThrowsAsync<RpcException>(static () => s_calls.SwapAsync("null", pool: "")))!;
        Assert.That(floor.Status.Detail, Does.Contain("services have a floor"));
        RpcException full = (await Assert.ThrowsAsync<RpcException>(static () =>
            s_calls.SetAsync(new DomainParameters { Domain = s_domains["one"], BudgetNs = 9_900_000, PeriodNs = 10_000_000 })))!;
        Assert.That(full.StatusCode, Is.EqualTo(StatusCode.FailedPrecondition));
    }

    [Test]
    public async Task GuestsAreWhereTheirFilesSayBeforeTheyFirstRun()
    {
        GuestConfig plain = Spinning("plain"), pooled = plain with { Name = "pooled", CpuPool = SchedulerCalls.Pool, CpuPin = 1UL << (int)s_cpu, CpuWeight = 99 };
        Dictionary<uint, bool> isPooled = new() { [(await s_system.CreateAsync(plain)).Domain] = false, [(await s_system.CreateAsync(pooled)).Domain] = true };
        await Task.Delay(TimeSpan.FromSeconds(1));
        foreach (VcpuUsage vcpu in (await s_calls.GetUsageAsync()).Vcpus.Where(v => isPooled.ContainsKey(v.Domain)))
        {
            Assert.That(vcpu.RanNs, Is.Positive);
            Assert.That(vcpu.Cpu == s_cpu, Is.EqualTo(isPooled[vcpu.Domain]), $"it ran on CPU {vcpu.Cpu}");
            Assert.That(vcpu.Migrations, Is.Zero, "it ran on no other CPU before");
            Assert.That(vcpu.Weight, Is.EqualTo(isPooled[vcpu.Domain] ? 99 : 256));
        }

        await s_system.DestroyAsync("plain");
        await s_system.DestroyAsync("pooled");
        ulong free = await s_system.AuditAsync();
        RpcException noPool = (await Assert.ThrowsAsync<RpcException>(() => s_system.CreateAsync(plain with { CpuPool = "nowhere" })))!;
        Assert.That((noPool.StatusCode, noPool.Status.Detail), Is.EqualTo((StatusCode.NotFound, $"there is no pool 'nowhere'; there are default, {SchedulerCalls.Pool}")));
        RpcException noCpu = (await Assert.ThrowsAsync<RpcException>(() => s_system.CreateAsync(plain with { CpuPin = 1UL << (int)s_cpu })))!;
        Assert.That(noCpu.Status.Detail, Does.StartWith("it would be pinned to no CPU of pool 'default'"));
        Assert.That(await s_system.AuditAsync(), Is.EqualTo(free));
    }

    [Test]
    public async Task WhatIsSetOutlivesAGuestsRestartsAndTheSchedulers()
    {
        await s_calls.SwapAsync("credit2");
        SystemGuest guest = await s_system.CreateAsync(
            Spinning("again", "time=5") with { OnPoweroff = EndAction.Restart, CpuPool = SchedulerCalls.Pool }, isPaused: true);
        try
        {
            await s_calls.SetAsync(new DomainParameters { Domain = guest.Domain, Weight = 700, Cap = 30, Priority = 1, Pin = 1UL << (int)s_cpu });
            await s_system.Services.Toolstack.UnpauseAsync(new UnpauseRequest { Guest = guest.Reference }, s_system.Services.Brief);
            uint second = await UntilAgainAsync("again", guest.Domain);
            // Shortly before its end: then nobody is there who could say what it had.
            await s_system.UntilAsync("again", static g => g.UptimeNs > 4_000_000_000, "is about to end");
            await s_system.KillAsync("scheduler");
            await UntilAgainAsync("again", second);
        }
        finally
        {
            await s_system.DestroyAsync("again");
        }
    }

    private static async Task<uint> UntilAgainAsync(string name, uint before)
    {
        uint domain = (await s_system.UntilAsync(name, g => g.Domain > before && g.State is GuestState.Running or GuestState.Blocked, "has started again")).Domain;
        DomainParameters had = (await s_calls.GetParametersAsync()).Domains.Single(d => d.Domain == domain);
        Assert.That((had.Weight, had.Cap, had.Priority, had.Pin, had.Pool), Is.EqualTo((700u, 30u, 1u, 1UL << (int)s_cpu, SchedulerCalls.Pool)));
        return domain;
    }

    private static GuestConfig Spinning(string name, string commandLine = "") => TestGuest("spin64", commandLine, name, vcpus: 1, memoryMiB: 32);

    private static long RanNs(GetUsageResponse usage, uint domain) => (long)usage.Vcpus.Single(v => v.Domain == domain).RanNs;
}
