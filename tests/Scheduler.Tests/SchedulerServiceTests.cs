using System;
using System.Linq;
using Grpc.Core;
using Microkernel.Protos.Scheduler;
using NUnit.Framework;
using Api = Microkernel.Protos.Scheduler.Scheduler;

namespace Microkernel.Services.Scheduler.Tests;

/// <summary>The scheduler's calls, over a ring.</summary>
public sealed class SchedulerServiceTests
{
    private FakeCore _core = null!;
    private RingScheduler _scheduler = null!;

    private Api.SchedulerClient Client => _scheduler.Client;

    [SetUp]
    public void Start()
    {
        _core = new FakeCore();
        _scheduler = new RingScheduler(_core);
        _scheduler.Engine.RunEpoch();
        _core.Now += 100_000_000;
        _scheduler.Engine.RunEpoch();
    }

    [TearDown]
    public void Stop() => _scheduler.Dispose();

    [Test]
    public void PoliciesAndPoolsAreTold()
    {
        Client.SetPool(new SetPoolRequest { Pool = "rest", Cpus = { 2 }, Policy = "arinc653" });
        Assert.That(Client.SetPolicy(new SetPolicyRequest { Policy = "rtds" }).DurationNs, Is.Positive);
        GetPolicyResponse policy = Client.GetPolicy(new GetPolicyRequest());
        Assert.That(policy.Available, Is.EqualTo(new[] { "arinc653", "credit", "credit2", "interactive", "null", "rtds" }));
        Assert.That(
            policy.Pools.Select(static p => (p.Pool, p.Policy, p.Previous, p.HasFloors, p.Cpus.Single())),
            Is.EqualTo(new[] { ("default", "rtds", "credit2", true, 1u), ("rest", "arinc653", "arinc653", false, 2u) }));
        Client.DeletePool(new DeletePoolRequest { Pool = "rest" });
        Assert.That(Client.GetPolicy(new GetPolicyRequest()).Pools.Single().Cpus, Is.EqualTo(new uint[] { 1, 2 }));
    }

    [Test]
    public void RefusalsHaveAStatusAndAReason()
    {
        Assert.That(Fails(StatusCode.NotFound, () => Client.SetPolicy(new SetPolicyRequest { Policy = "best" })), Does.Contain("'best'").And.Contain("credit2"));
        Assert.That(Fails(StatusCode.FailedPrecondition, () => Client.SetPolicy(new SetPolicyRequest { Policy = "null" })), Does.Contain("floor"));
        Fails(StatusCode.NotFound, () => Client.GetParameters(new GetParametersRequest { Domains = { 77 } }));
        Fails(StatusCode.InvalidArgument, () => Client.SetParameters(new SetParametersRequest()));
    }

    [Test]
    public void ParametersAreAnsweredWithWhatThePolicyCannotHonour()
    {
        DomainParameters set = Set(new DomainParameters { Domain = 7, Weight = 512, IsInteractive = true, Priority = 1 });
        Assert.That((set.Weight, set.IsInteractive, set.Priority, set.Pool, set.IsService), Is.EqualTo((512u, true, 1u, "default", false)));
        Assert.That(set.Unhonoured, Has.Count.EqualTo(2));
        GetParametersResponse all = Client.GetParameters(new GetParametersRequest());
        Assert.That(all.Domains.Select(static d => (d.Domain, d.Weight, d.IsService)), Is.EqualTo(new[] { (1u, 4096u, true), (7u, 512u, false), (8u, 256u, false) }));
        Assert.That(Client.GetParameters(new GetParametersRequest { Domains = { 7, 7 } }).Domains.Single(), Is.EqualTo(set));
    }

    [Test]
    public void WhatIsNotInTheRequestStays()
    {
        Set(new DomainParameters { Domain = 8, BudgetNs = 2_000_000, GetsExtraTime = false });
        Set(new DomainParameters { Domain = 8, PeriodNs = 20_000_000 });
        DomainParameters set = Set(new DomainParameters { Domain = 8, Weight = 100 });
        Assert.That((set.BudgetNs, set.PeriodNs, set.Weight, set.GetsExtraTime), Is.EqualTo((2_000_000ul, 20_000_000ul, 100u, false)));
        Assert.That(Set(new DomainParameters { Domain = 8, BudgetNs = 0 }).HasBudgetNs, Is.False);
    }

    [Test]
    public void ValuesHaveLimits()
    {
        foreach (DomainParameters wrong in new DomainParameters[]
        {
            new() { Weight = 0 }, new() { Weight = 65536 }, new() { Cap = 201 }, new() { Priority = 4 }, new() { BudgetNs = 9_999 },
            new() { BudgetNs = 10_000_001 }, new() { BudgetNs = 50_000, PeriodNs = 99_999 }, new() { BudgetNs = 50_000, PeriodNs = 10_000_000_001 },
            new() { PeriodNs = 10_000_000 },
        })
        {
            wrong.Domain = 7;
            Fails(StatusCode.InvalidArgument, () => Set(wrong));
        }

        Assert.That(_core.Context(7), Is.EqualTo(new VcpuContext { Affinity = 0b110 }));
    }

    [Test]
    public void UsageIsTheCores()
    {
        _core.Run(7, ranNs: 5, waitedNs: 6, wakeups: 7);
        GetUsageResponse usage = Client.GetUsage(new GetUsageRequest { Domains = { 7 } });
        VcpuUsage vcpu = usage.Vcpus.Single();
        Assert.That((vcpu.RanNs, vcpu.WaitedNs, vcpu.Wakeups, vcpu.State, vcpu.Latency.Count), Is.EqualTo((5ul, 6ul, 7ul, VcpuState.Blocked, 8)));
        Assert.That(usage.Cpus, Is.EqualTo(new uint[] { 1, 2 }));
        Assert.That(Client.GetUsage(new GetUsageRequest()).Vcpus, Has.Count.EqualTo(4));
    }

    private static string Fails(StatusCode status, Action call)
    {
        RpcException? failure = Assert.Throws<RpcException>(() => call());
        Assert.That(failure!.StatusCode, Is.EqualTo(status), failure.Status.Detail);
        return failure.Status.Detail;
    }

    private DomainParameters Set(DomainParameters parameters) => Client.SetParameters(new SetParametersRequest { Parameters = parameters }).Parameters;
}
