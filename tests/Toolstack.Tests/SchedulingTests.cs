using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Grpc.Core;
using Microkernel.Protos.Scheduler;
using Microkernel.Protos.Toolstack;
using Microkernel.Services.Toolstack.Core;
using Microkernel.Services.Toolstack.Tests.Fakes;
using NUnit.Framework;

namespace Microkernel.Services.Toolstack.Tests;

/// <summary>What operators want of the CPUs for a guest: it is in force before the guest runs, and belongs to the guest, not to its domain.</summary>
public sealed class SchedulingTests
{
    private TestSystem _system = null!;

    [SetUp]
    public void Start() => _system = new TestSystem();

    [TearDown]
    public void Stop()
    {
        Assert.That(_system.Scheduler.Late, Is.Empty, "domains that ran before the scheduler knew them");
        _system.Dispose();
    }

    [Test]
    public void WhatTheConfigurationSaysIsInForceBeforeTheGuestRuns()
    {
        GuestConfig config = _system.Config();
        (config.CpuCap, config.CpuPin, config.CpuPool) = (50, 0b110, FakeScheduler.OtherPool);
        DomainParameters had = _system.Scheduler.Parameters[_system.Create(config)];
        Assert.That((had.Weight, had.Cap, had.Pin, had.Pool), Is.EqualTo((512u, 50u, 0b110ul, FakeScheduler.OtherPool)));
    }

    [Test]
    public void AGuestOfWhichNothingIsSaidIsAdmittedToo()
    {
        GuestConfig config = _system.Config();
        config.ClearCpuWeight();
        DomainParameters had = _system.Scheduler.Parameters[_system.Create(config)];
        Assert.That((had.HasWeight, had.HasCap, had.Pin, had.Pool), Is.EqualTo((false, false, 0ul, "")));
    }

    [Test]
    public void APoolThatThereIsNotIsRefusedBeforeAnythingIsLoaded()
    {
        GuestConfig config = _system.Config();
        config.CpuPool = "nowhere";
        _system.Machine.Faults.Plan(null);
        RpcException failure = Assert.Throws<RpcException>(() => _system.Create(config))!;
        Assert.That((failure.StatusCode, failure.Status.Detail), Is.EqualTo((StatusCode.NotFound, "there is no pool 'nowhere'")));
        Assert.That(_system.Machine.Faults.Steps, Has.None.EqualTo("Memory.Load"));
        _system.AssertNothingIsLeft();
    }

    [TestCase(EndAction.Restart)]
    [TestCase(EndAction.RenameRestart)]
    public void WhatWasSetLaterOutlivesEveryRestart(EndAction action)
    {
        GuestConfig config = _system.Config();
        config.OnCrash = action;
        uint domain = _system.Create(config);
        SetLater(domain);
        for (int i = 0; i < 3; i++)
        {
            domain = Restart(domain, DomainEnd.Crash);
            AssertSetLater(domain, $"restart {i}");
        }
    }

    [Test]
    public void TheToolstacksDeathAtAnyStepOfARestartLosesNothingOfIt()
    {
        for (int step = 0; ; step++)
        {
            uint domain = _system.Create(_system.Config());
            SetLater(domain);
            string name = _system.DieAt(step, () =>
            {
                _system.Machine.EndDomain(domain, DomainEnd.Reboot);
                SpinWait.SpinUntil(() => _system.Core.IsDead || IsThereAfter(domain), TestSystem.Long);
            });
            Assert.That(() => _system.Host.IsReady && IsThereAfter(domain), Is.True.After(10_000, 5), name);
            AssertSetLater(_system.Info().Domain, name);
            _system.Client.Destroy(new DestroyRequest { Guest = TestSystem.ByName() });
            if (name.Length == 0)
                return;
        }
    }

    [Test]
    public void WhenTheSchedulerDoesNotAnswerTheLastThatIsKnownIsTakenAndThatIsSaid()
    {
        uint domain = _system.Create(_system.Config());
        SetLater(domain);
        domain = Restart(domain, DomainEnd.Reboot);
        _system.Scheduler.Parameters[domain].Weight = 3;
        _system.Machine.Faults.Plan(static (_, name) => name == "Scheduler.GetParameters" ? Faults.Failure(StatusCode.Unavailable) : null);
        AssertSetLater(Restart(domain, DomainEnd.Reboot), "as after the first restart");
        Assert.That(_system.Log, Has.Some.Contains("since its start is lost"));
    }

    [Test]
    public void ASchedulerThatIsBeingRestartedIsWaitedForHoweverLong()
    {
        uint domain = _system.Create(_system.Config());
        SetLater(domain);
        int failures = 0;
        _system.Machine.Faults.Plan((_, name) => name == "Scheduler.SetParameters" && ++failures < 40 ? Faults.Failure(StatusCode.Internal) : null);
        AssertSetLater(Restart(domain, DomainEnd.Reboot), "afterwards");
        Assert.That(failures, Is.GreaterThanOrEqualTo(40));
    }

    [Test]
    public void ARestartThatWaitsForTheSchedulerEndsWhenTheGuestIsDestroyed()
    {
        uint domain = _system.Create(_system.Config());
        using var waits = new ManualResetEventSlim();
        _system.Machine.Faults.Plan((_, name) =>
        {
            if (name != "Scheduler.SetParameters")
                return null;
            waits.Set();
            return Faults.Failure(StatusCode.Internal);
        });
        _system.Machine.EndDomain(domain, DomainEnd.Reboot);
        Assert.That(waits.Wait(TestSystem.Long), Is.True);
        _system.Client.Destroy(new DestroyRequest { Guest = TestSystem.ByName() }, deadline: DateTime.UtcNow + TestSystem.Long);
        _system.AssertNothingIsLeft();
    }

    [Test]
    public void AnAnswerThatMakesNoSenseIsNotKept([Values] bool isLong)
    {
        uint domain = _system.Create(_system.Config());
        if (isLong)
            _system.Scheduler.Parameters[domain].Pool = new string('x', 300);
        else
            _system.Scheduler.Parameters[domain].Domain = 1;
        domain = Restart(domain, DomainEnd.Reboot);
        Assert.That((_system.Scheduler.Parameters[domain].Weight, _system.Scheduler.Parameters[domain].Pool), Is.EqualTo((512u, "")), "what the configuration says");
        Assert.That(_system.Log, Has.Some.Contains("makes no sense"));
    }

    [Test]
    public void AGuestWhosePoolHasGoneStartsAgainInTheDefaultPoolAndThatIsSaid()
    {
        GuestConfig config = _system.Config();
        config.CpuPool = FakeScheduler.OtherPool;
        uint domain = _system.Create(config);
        using AsyncServerStreamingCall<GuestEvent> events = _system.Client.Watch(new WatchRequest());
        Assert.That(Next(events).Kind, Is.EqualTo(GuestEventKind.Watching));
        _system.Scheduler.HasOnlyDefaultPool = true;
        uint restarted = Restart(domain, DomainEnd.Reboot);
        Assert.That((_system.Scheduler.Parameters[restarted].HasPool, _system.Scheduler.Parameters[restarted].Weight), Is.EqualTo((false, 512u)), "the rest stays");
        Assert.That(Next(events).Kind, Is.EqualTo(GuestEventKind.Rebooted));
        GuestEvent loss = Next(events);
        Assert.That((loss.Kind, loss.Detail), Is.EqualTo((
            GuestEventKind.Failed, "it cannot have all that was set for its CPUs any more: there is no pool 'rest'")));
        Assert.That(Next(events).Kind, Is.EqualTo(GuestEventKind.Created));
        Assert.That(_system.Host.Guests.All.Single().Record.Parameters.HasPool, Is.False, "it is not tried again the next time");
    }

    private static GuestEvent Next(AsyncServerStreamingCall<GuestEvent> events)
    {
        Assert.That(events.ResponseStream.MoveNext().Wait(TestSystem.Long), Is.True, "no event comes");
        return events.ResponseStream.Current;
    }

    private bool IsThereAfter(uint domain) => _system.Host.Guests.All.Any(g => g.Domain > domain && g.Phase == GuestPhase.Exists);

    /// <summary>Ends a domain; the number of the next one.</summary>
    private uint Restart(uint domain, DomainEnd end)
    {
        _system.Machine.EndDomain(domain, end);
        Assert.That(() => IsThereAfter(domain), Is.True.After(10_000, 5));
        return _system.Info().Domain;
    }

    private void SetLater(uint domain)
    {
        DomainParameters parameters = _system.Scheduler.Parameters[domain];
        (parameters.Weight, parameters.Priority, parameters.Pin, parameters.Pool) = (99, 2, 0b10, FakeScheduler.OtherPool);
        (parameters.BudgetNs, parameters.PeriodNs) = (6_000_000, FakeScheduler.Period);
        parameters.Unhonoured.Add("something that the policy of that moment could not give");
    }

    private void AssertSetLater(uint domain, string context)
    {
        DomainParameters had = _system.Scheduler.Parameters[domain];
        Assert.That((had.Weight, had.Priority, had.Pin, had.Pool), Is.EqualTo((99u, 2u, 0b10ul, FakeScheduler.OtherPool)), context);
        Assert.That((had.BudgetNs, had.PeriodNs), Is.EqualTo((6_000_000ul, FakeScheduler.Period)), context);
        Assert.That(had.Unhonoured, Is.Empty, context);
    }
}
