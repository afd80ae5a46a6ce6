using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Toolstack;
using Microkernel.Services.Toolstack.Core;
using Microkernel.Services.Toolstack.Tests.Fakes;
using NUnit.Framework;

namespace Microkernel.Services.Toolstack.Tests;

/// <summary>
/// Failures at every step of a guest's creation and end, and the toolstack's death at every step: either the guest is there as a
/// whole and runs, or nothing of it is anywhere.
/// </summary>
public sealed class FaultTests
{
    private TestSystem _system = null!;

    [SetUp]
    public void Start() => _system = new TestSystem();

    [TearDown]
    public void Stop() => _system.Dispose();

    [TestCase(StatusCode.Internal)]
    [TestCase(StatusCode.Unavailable)]
    [TestCase(StatusCode.DeadlineExceeded)]
    [TestCase(StatusCode.PermissionDenied)]
    public void AFailureAtAnyStepOfCreateLeavesAWholeGuestOrNothing(StatusCode status)
    {
        int steps = CountSteps();
        int whole = 0;
        for (int step = 0; step < steps; step++)
        {
            GuestConfig config = _system.Config();
            string name = "";
            _system.Machine.Faults.Plan((n, s) => n == step && !(name = s).StartsWith("Core", StringComparison.Ordinal) ? Faults.Failure(status) : null);
            bool isThere = TryCreate(config);
            _system.Machine.Faults.Plan(null);
            whole += isThere ? 1 : 0;
            if (isThere)
                _system.AssertRuns(context: name);
            else
                _system.AssertNothingIsLeft(name);
            if (isThere)
                Destroy();
            _system.AssertNothingIsLeft(name);
        }

        TestContext.Out.WriteLine($"{steps} steps, {whole} of them overcome");
        Assert.That(whole, status == StatusCode.Unavailable ? Is.GreaterThan(steps / 2) : Is.LessThan(steps));
    }

    [Test]
    public void ARefusalOfTheCoreLeavesNothing()
    {
        GuestConfig config = _system.Config();
        _system.Machine.Faults.Plan(static (_, name) => name == "Core.unpause" ? new CoreException(22, "unpause domain 6") : null);
        RpcException failure = Assert.Throws<RpcException>(() => _system.Create(config))!;
        Assert.That(failure.Status.Detail, Does.Contain("error 22"));
        _system.AssertNothingIsLeft();
    }

    [Test]
    public void TheToolstacksDeathAtAnyStepOfCreateLeavesAWholeGuestOrNothing()
    {
        int steps = CountSteps();
        int whole = 0;
        for (int step = 0; step < steps; step++)
        {
            GuestConfig config = _system.Config();
            string name = _system.DieAt(step, () => TryCreate(config));
            _system.Settle();
            if (_system.Host.Guests.All.Count > 0)
            {
                whole++;
                _system.AssertRuns(context: name);
                Destroy();
            }

            _system.AssertNothingIsLeft(name);
        }

        TestContext.Out.WriteLine($"{steps} steps, a whole guest after {whole}");
    }

    [Test]
    public void TheToolstacksDeathAtAnyStepOfDestroyLeavesNothingOrAGuest()
    {
        for (int step = 0; ; step++)
        {
            _system.Create(_system.Config());
            string name = _system.DieAt(step, () => TestSystem.Try(Destroy));
            _system.Settle();
            if (_system.Host.Guests.All.Count > 0)
                Destroy();
            _system.AssertNothingIsLeft(name);
            if (name.Length == 0)
                return;
        }
    }

    [Test]
    public void TheToolstacksDeathAtAnyStepOfARestartLosesNoGuest()
    {
        for (int step = 0; ; step++)
        {
            uint domain = _system.Create(_system.Config());
            string name = _system.DieAt(step, () =>
            {
                _system.Machine.EndDomain(domain, DomainEnd.Reboot);
                SpinWait.SpinUntil(() => _system.Core.IsDead || _system.Host.Guests.All.Any(g => g.Domain > domain && g.Phase == GuestPhase.Exists), TestSystem.Long);
            });
            Assert.That(() => _system.Host.IsReady && _system.Host.Guests.All.Any(g => g.Domain > domain && g.Phase == GuestPhase.Exists), Is.True.After(10_000, 5), name);
            _system.AssertRuns(context: name);
            Assert.That(_system.Machine.All(), Has.Count.EqualTo(1), name);
            Destroy();
            if (name.Length == 0)
                return;
        }
    }

    [Test]
    public void TheMemoryServicesRestartAtAnyStepLeavesAWholeGuestOrNothing()
    {
        int steps = CountSteps();
        for (int step = 0; step < steps; step++)
        {
            GuestConfig config = _system.Config();
            string name = "";
            _system.Machine.Faults.Plan((n, s) =>
            {
                if (n != step)
                    return null;
                name = s;
                _system.Memory.Restart();
                return s.StartsWith("Memory", StringComparison.Ordinal) ? Faults.Failure(StatusCode.Unavailable) : null;
            });
            bool isThere = TryCreate(config);
            _system.Machine.Faults.Plan(null);
            if (isThere)
            {
                _system.AssertRuns(context: name);
                Destroy();
            }

            _system.AssertNothingIsLeft(name);
        }
    }

    [Test]
    public void AfterARestartEverythingIsKnownAgain()
    {
        GuestConfig config = _system.Config();
        config.OnCrash = EndAction.Preserve;
        uint running = _system.Create(config);
        uint crashed = _system.Create(With(_system.Config("crashed"), static c => c.OnCrash = EndAction.Preserve));
        _system.Machine.EndDomain(crashed, DomainEnd.Crash);
        Assert.That(() => _system.Info("crashed").EndDetail, Is.Not.Empty.After(5000, 5));
        List<GuestInfo> before = [.. _system.Client.List(new ListRequest()).Guests];
        _system.Kill();
        _system.Consoles.Connected.Clear();
        // One ends while nobody looks.
        _system.Start();
        _system.Settle();
        Assert.That(_system.Client.List(new ListRequest()).Guests, Is.EqualTo(before));
        _system.Host.ConnectConsolesAsync().Wait();
        Assert.That(_system.Consoles.Connected.Keys.Order(), Is.EqualTo(new[] { running, crashed }));
        Assert.That(_system.Consoles.Connected[running].RemotePort, Is.EqualTo(2));
        _system.AssertRuns();
    }

    [Test]
    public void WhatEndedWhileNobodyLookedIsDealtWith()
    {
        uint reboots = _system.Create(_system.Config());
        uint ends = _system.Create(_system.Config("ends"));
        uint vanishes = _system.Create(_system.Config("vanishes"));
        _system.Kill();
        _system.Machine.EndDomain(reboots, DomainEnd.Reboot);
        _system.Machine.EndDomain(ends, DomainEnd.PowerOff);
        _system.Machine.Domains.Remove(vanishes);
        _system.Start();
        Assert.That(() => _system.Host.IsReady && _system.Host.Guests.All.Count == 1 && _system.Host.Guests.All[0].Domain > vanishes
            && _system.Host.Guests.All[0].Phase == GuestPhase.Exists, Is.True.After(10_000, 5));
        _system.AssertRuns();
        Assert.That(_system.Machine.All(), Has.Count.EqualTo(1));
    }

    [Test]
    public void DomainsWithoutARecordAreKeptIfTheyRunAndDestroyedIfTheyNeverDid()
    {
        uint running = _system.Create(_system.Config());
        _system.Create(_system.Config("never"), isPaused: true);
        _system.Kill();
        foreach (string path in _system.Store.Nodes.Keys.Where(static k => k.StartsWith("/tool/", StringComparison.Ordinal)).ToList())
            _system.Store.Nodes[path] = Google.Protobuf.ByteString.CopyFromUtf8("damaged");
        _system.Start();
        Assert.That(() => _system.Host.IsReady && _system.Host.Guests.All.Count == 1, Is.True.After(5000, 5));
        Assert.That(_system.Info().Domain, Is.EqualTo(running));
        Assert.That(_system.Log, Has.Some.Contains("damaged"));
        Destroy();
        Assert.That(_system.Machine.All(), Is.Empty);
    }

    [Test]
    public void ASilentServiceDelaysARemovalAndIsWaitedFor()
    {
        _system.Create(_system.Config());
        int failures = 0;
        _system.Machine.Faults.Plan((_, name) => name is "Store.Commit" or "Memory.Destroy" && ++failures < 30 ? Faults.Failure(StatusCode.Unavailable) : null);
        Destroy();
        _system.AssertNothingIsLeft();
    }

    [Test]
    public void AMemoryServiceThatNamesSomebodyElsesDomainIsNotBelieved()
    {
        GuestConfig config = _system.Config();
        _system.Machine.LastDomain = 2;
        Assert.That(Assert.Throws<RpcException>(() => _system.Create(config))!.Status.Detail, Does.Contain("cannot be"));
        Assert.That(_system.Machine.Domains.Keys, Is.EqualTo(new[] { 3u }));
        Assert.That(_system.Host.Guests.All, Is.Empty);
    }

    private static GuestConfig With(GuestConfig config, Action<GuestConfig> change)
    {
        change(config);
        return config;
    }

    private int CountSteps()
    {
        GuestConfig config = _system.Config();
        _system.Machine.Faults.Plan(null);
        _system.Create(config);
        int steps = _system.Machine.Faults.Steps.Count;
        Destroy();
        _system.AssertNothingIsLeft();
        Assert.That(steps, Is.GreaterThan(25));
        return steps;
    }

    private bool TryCreate(GuestConfig config) => TestSystem.Try(() => _system.Create(config));

    private void Destroy() => _system.Client.Destroy(new Protos.Toolstack.DestroyRequest { Guest = TestSystem.ByName() });
}
