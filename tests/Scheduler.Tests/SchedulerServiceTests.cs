using System;
using System.Linq;
using Grpc.Core;
using Microkernel.Protos.Scheduler;
using Microkernel.Rpc.Local;
using NUnit.Framework;
using Api = Microkernel.Protos.Scheduler.Scheduler;

namespace Microkernel.Services.Scheduler.Tests;

/// <summary>The scheduler's calls.</summary>
public sealed class SchedulerServiceTests
{
    private FakeCore _core = null!;
    private LocalRing _ring = null!;
    private Api.SchedulerClient _client = null!;

    [SetUp]
    public void Start()
    {
        _core = new FakeCore();
        _ring = new LocalRing(services => Api.BindService(services, new SchedulerService(_core)));
        _client = new Api.SchedulerClient(_ring.Invoker);
    }

    [TearDown]
    public void Stop() => _ring.Dispose();

    [Test]
    public void ThereIsOnePolicyOnAllCpus()
    {
        GetPolicyResponse policy = _client.GetPolicy(new GetPolicyRequest());
        Assert.That(policy.Available, Is.EqualTo(new[] { "credit2" }));
        Assert.That(policy.Pools.Single().Cpus, Is.EqualTo(new uint[] { 0, 1 }));
        _client.SetPolicy(new SetPolicyRequest { Pool = "default", Policy = "credit2" });
    }

    [Test]
    public void AnotherPolicyOrPoolIsRefusedByNamingWhatThereIs()
    {
        RpcException policy = Fails(StatusCode.FailedPrecondition, () => _client.SetPolicy(new SetPolicyRequest { Policy = "rtds" }));
        Assert.That(policy.Status.Detail, Does.Contain("'rtds'").And.Contain("'credit2'"));
        RpcException pool = Fails(StatusCode.NotFound, () => _client.SetPolicy(new SetPolicyRequest { Pool = "p", Policy = "credit2" }));
        Assert.That(pool.Status.Detail, Does.Contain("'default'"));
    }

    [Test]
    public void ParametersComeFromTheCore()
    {
        GetParametersResponse all = _client.GetParameters(new GetParametersRequest());
        Assert.That(all.Domains.Select(static d => (d.Domain, d.Weight, d.Cap)), Is.EqualTo(new[] { (1u, 256u, 0u), (5u, 256u, 0u), (9u, 512u, 50u) }));
        Assert.That(_client.GetParameters(new GetParametersRequest { Domains = { 9, 9 } }).Domains.Single().Weight, Is.EqualTo(512));
        Fails(StatusCode.NotFound, () => _client.GetParameters(new GetParametersRequest { Domains = { 77 } }));
    }

    [Test]
    public void WhatIsNotInTheRequestStays()
    {
        DomainParameters set = Set(new DomainParameters { Domain = 9, Weight = 100 });
        Assert.That((set.Weight, set.Cap), Is.EqualTo((100u, 50u)));
        Set(new DomainParameters { Domain = 9, Cap = 200 });
        Assert.That(_core.Domains[9], Is.EqualTo(new Credit(100, 200)));
    }

    [Test]
    public void ARestartedServiceKnowsWhatTheCoreKnows()
    {
        Set(new DomainParameters { Domain = 5, Weight = 1000, Cap = 25 });
        using var ring = new LocalRing(services => Api.BindService(services, new SchedulerService(_core)));
        var client = new Api.SchedulerClient(ring.Invoker);
        DomainParameters found = client.GetParameters(new GetParametersRequest { Domains = { 5 } }).Domains.Single();
        Assert.That((found.Weight, found.Cap), Is.EqualTo((1000u, 25u)));
    }

    [TestCase(0u)]
    [TestCase(65536u)]
    public void WeightsHaveLimits(uint weight) =>
        Fails(StatusCode.InvalidArgument, () => Set(new DomainParameters { Domain = 5, Weight = weight }));

    [Test]
    public void CapsHaveLimits() => Fails(StatusCode.InvalidArgument, () => Set(new DomainParameters { Domain = 5, Cap = 201 }));

    [Test]
    public void WhatNoPolicyUnderstandsIsRefusedAndNothingChanges()
    {
        foreach (DomainParameters parameters in new DomainParameters[]
        {
            new() { Priority = 1 }, new() { IsInteractive = true }, new() { BudgetNs = 1 }, new() { PeriodNs = 1 },
        })
        {
            parameters.Domain = 5;
            parameters.Weight = 7;
            Fails(StatusCode.FailedPrecondition, () => Set(parameters));
        }

        Assert.That(_core.Domains[5], Is.EqualTo(new Credit(256, 0)));
    }

    [Test]
    public void RefusalsOfTheCoreAreTold()
    {
        _core.Refusal = "error 22";
        Assert.That(Fails(StatusCode.FailedPrecondition, () => Set(new DomainParameters { Domain = 5, Weight = 7 })).Status.Detail, Is.EqualTo("error 22"));
        Fails(StatusCode.NotFound, () => Set(new DomainParameters { Domain = 6, Weight = 7 }));
        Fails(StatusCode.InvalidArgument, () => _client.SetParameters(new SetParametersRequest()));
    }

    private static RpcException Fails(StatusCode status, Action call)
    {
        RpcException? failure = Assert.Throws<RpcException>(call);
        Assert.That(failure!.StatusCode, Is.EqualTo(status));
        return failure;
    }

    private DomainParameters Set(DomainParameters parameters) => _client.SetParameters(new SetParametersRequest { Parameters = parameters }).Parameters;
}
