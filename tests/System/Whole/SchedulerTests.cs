using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Scheduler;
using Mk.Machine;
using NUnit.Framework;

namespace Mk.SystemTests.Whole;

/// <summary>Policies change, and the scheduler dies, while two guests compute and check themselves on a CPU of their own.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class SchedulerTests : SystemTest
{
    private const string Load = "stress-ng --cpu 1 --vm 1 --vm-bytes 32M --verify -t 3600";
    private const string Pool = "guests";
    private const int Kills = 20;

    private static readonly string[] s_names = ["one", "two"];
    private static readonly string[] s_policies = ["credit2", "credit", "rtds", "interactive", "arinc653", "null"];
    private static readonly Dictionary<string, Shell> s_shells = [];
    private static readonly Dictionary<string, uint> s_domains = [];
    private static WholeSystem s_system = null!;

    private static Scheduler.SchedulerClient Client => s_system.Services.Scheduler;

    [OneTimeSetUp]
    public static async Task Start()
    {
        s_system = await WholeSystem.StartAsync(new Logs().New(), 1024);
        uint cpu = (await GetPolicyAsync()).Pools.Single().Cpus[^1];
        await Client.SetPoolAsync(new SetPoolRequest { Pool = Pool, Cpus = { cpu } }, s_system.Services.Brief);
        foreach (string name in s_names)
        {
            SystemGuest guest = await s_system.CreateAsync(Linux(name: name, vcpus: 1, ramdisk: "stress.initramfs"));
            s_domains[name] = guest.Domain;
            await SetAsync(new DomainParameters { Domain = guest.Domain, Pool = Pool, Weight = name == "one" ? 256u : 512 });
            s_shells[name] = await guest.OpenShellAsync();
            await s_shells[name].RunAsync($"({Load} > /tmp/load 2>&1; echo $? > /tmp/code) & true");
        }
    }

    [OneTimeTearDown]
    public static async Task Stop() => await s_system.DisposeAsync();

    [TearDown]
    public async Task TheGuestsHaveNoticedNothing()
    {
        foreach (string name in s_names)
        {
            Assert.That(await s_shells[name].RunAsync("[ ! -e /tmp/code ] && pidof stress-ng > /dev/null && echo well"), Is.EqualTo("well\n"), name);
            Assert.That(await s_shells[name].RunAsync("dmesg"), Does.Not.Match("(?i)soft lockup|rcu.*stall|BUG:|\\bOops"), name);
        }
    }

    [Test]
    public async Task GuestsRunOnTheirPoolsCpuAndServicesElsewhere()
    {
        PoolPolicy pool = (await GetPolicyAsync()).Pools.Single(static p => p.Pool == Pool);
        Assert.That(pool.HasFloors, Is.False);
        foreach (VcpuUsage vcpu in (await GetUsageAsync()).Vcpus)
        {
            bool isGuest = s_domains.ContainsValue(vcpu.Domain);
            Assert.That(vcpu.Affinity, isGuest ? Is.EqualTo(1UL << (int)pool.Cpus[0]) : Is.EqualTo(vcpu.Affinity & ~(1UL << (int)pool.Cpus[0])), $"domain {vcpu.Domain}");
        }
    }

    [Test]
    public async Task WeightsShareTheCpu()
    {
        await SwapAsync("credit2");
        await Task.Delay(TimeSpan.FromSeconds(1));
        GetUsageResponse before = await GetUsageAsync();
        await Task.Delay(TimeSpan.FromSeconds(20));
        GetUsageResponse after = await GetUsageAsync();
        double one = Ran("one"), two = Ran("two");
        await TestContext.Out.WriteLineAsync($"weights 256 and 512: {one / (one + two):P1} and {two / (one + two):P1} of {(one + two) / (after.NowNs - before.NowNs):P1} of the CPU");
        Assert.That(two / (one + two), Is.EqualTo(2 / 3.0).Within(0.03));

        double Ran(string name) => after.Vcpus.Where(v => v.Domain == s_domains[name]).Sum(static v => (double)v.RanNs)
            - before.Vcpus.Where(v => v.Domain == s_domains[name]).Sum(static v => (double)v.RanNs);
    }

    [Test]
    public async Task AllPairsOfPoliciesAreSwapped()
    {
        GetParametersResponse wanted = await GetParametersAsync();
        List<double> times = [];
        foreach (string from in s_policies)
        {
            foreach (string to in s_policies)
            {
                times.Add(await SwapAsync(from));
                times.Add(await SwapAsync(to));
                foreach (string name in s_names)
                    Assert.That(await s_shells[name].RunAsync("echo $((6 * 7))"), Is.EqualTo("42\n"), $"{name}, {from} to {to}");
            }
        }

        times.Sort();
        await TestContext.Out.WriteLineAsync($"{times.Count} swaps: median {times[times.Count / 2]:0.0} ms, worst {times[^1]:0.0} ms");
        await SwapAsync("credit2");
        Assert.That((await GetParametersAsync()).Domains.Select(Wishes), Is.EqualTo(wanted.Domains.Select(Wishes)));
        Assert.That((await GetPolicyAsync()).Pools.Select(static p => p.LastFailure), Is.All.Empty);
    }

    [Test]
    public async Task TheSchedulerIsKilledAndEverythingIsAsItWas()
    {
        await SwapAsync("rtds");
        GetParametersResponse wanted = await GetParametersAsync();
        List<string> contexts = Contexts(await GetUsageAsync());
        double worst = 0;
        for (int kill = 0; kill < Kills; kill++)
        {
            uint restarts = (await s_system.ListServicesAsync())["scheduler"].Restarts;
            var clock = Stopwatch.StartNew();
            await s_system.KillAsync("scheduler");
            await s_system.AnswersAgainAsync("scheduler", restarts);
            worst = Math.Max(worst, clock.Elapsed.TotalSeconds);
            Assert.That((await GetPolicyAsync()).Pools.Single(static p => p.Pool == Pool).Policy, Is.EqualTo("rtds"));
            Assert.That((await GetParametersAsync()).Domains.Select(Wishes), Is.EqualTo(wanted.Domains.Select(Wishes)));
            Assert.That(Contexts(await GetUsageAsync()), Is.EqualTo(contexts));
        }

        await TestContext.Out.WriteLineAsync($"{Kills} kills: back after {worst:0.0} s at most");
    }

    [Test]
    public async Task WhatCannotBeIsRefused()
    {
        RpcException floor = (await Assert.ThrowsAsync<RpcException>(async () =>
            await Client.SetPolicyAsync(new SetPolicyRequest { Policy = "null" }, s_system.Services.Brief)))!;
        Assert.That(floor.Status.Detail, Does.Contain("services have a floor"));
        RpcException full = (await Assert.ThrowsAsync<RpcException>(() =>
            SetAsync(new DomainParameters { Domain = s_domains["one"], BudgetNs = 9_900_000, PeriodNs = 10_000_000 })))!;
        Assert.That(full.StatusCode, Is.EqualTo(StatusCode.FailedPrecondition));
    }

    private static string Wishes(DomainParameters d) => $"{d.Domain} {d.Weight} {d.Cap} {d.BudgetNs} {d.PeriodNs} {d.Pool} {d.Pin}";

    private static List<string> Contexts(GetUsageResponse usage) =>
        [.. usage.Vcpus.Where(static v => s_domains.ContainsValue(v.Domain)).Select(static v => $"{v.Domain}.{v.Vcpu} {v.Weight} {v.BudgetNs} {v.PeriodNs} {v.LimitNs} {v.Band} {v.Affinity:x}")];

    private static async Task<double> SwapAsync(string policy)
    {
        SetPolicyResponse done = await s_system.Services.RepeatAsync(options => Client.SetPolicyAsync(new SetPolicyRequest { Pool = Pool, Policy = policy }, options));
        return done.DurationNs / 1e6;
    }

    private static Task<GetPolicyResponse> GetPolicyAsync() =>
        s_system.Services.RepeatAsync(options => Client.GetPolicyAsync(new GetPolicyRequest(), options));

    private static Task<GetUsageResponse> GetUsageAsync() =>
        s_system.Services.RepeatAsync(options => Client.GetUsageAsync(new GetUsageRequest(), options));

    private static Task<GetParametersResponse> GetParametersAsync() =>
        s_system.Services.RepeatAsync(options => Client.GetParametersAsync(new GetParametersRequest(), options));

    private static Task SetAsync(DomainParameters parameters) =>
        s_system.Services.RepeatAsync(options => Client.SetParametersAsync(new SetParametersRequest { Parameters = parameters }, options));
}
