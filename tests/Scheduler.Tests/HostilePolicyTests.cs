using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using NUnit.Framework;

namespace Microkernel.Services.Scheduler.Tests;

/// <summary>Policies that do what they may not, or nothing: each is put back, and it is said why.</summary>
public sealed class HostilePolicyTests
{
    private readonly List<string> _said = [];
    private readonly ArrayKeptMemory _memory = new(8192);
    private FakeCore _core = null!;

    [TestCase("throws", "it failed: InvalidOperationException: boom")]
    [TestCase("null", "it has no answer")]
    [TestCase("stranger", "which is not in its pool")]
    [TestCase("forgets", "it has no context for domain")]
    [TestCase("elsewhere", "lets domain 7 vCPU 0 run on CPUs 0xf000")]
    [TestCase("table elsewhere", "it has a table for CPU 9")]
    [TestCase("table stranger", "names domain 99 vCPU 0")]
    [TestCase("long table", "has 65 slots")]
    [TestCase("overcommit", "the core refused 3 times what it wants, at last: CPU 1: too much is promised")]
    [TestCase("no weight", "the core refused 3 times")]
    [TestCase("service", "domain 1 vCPU 0, which is not in its pool")]
    public void WhoIsWrongIsPutBackAndTheContextsAreThePreviousPolicys(string how, string reason)
    {
        bool isBad = false;
        SchedulerEngine engine = Begin(how, () => isBad, TimeSpan.FromSeconds(60));
        engine.Change(7, static s => s with { Weight = 333 });
        engine.Swap("", "bad");
        isBad = true;
        for (int i = 0; i < 4; i++)
            Epoch(engine);
        SchedulingPool pool = engine.Current.Pools.Single();
        Assert.That(pool.PolicyName, Is.EqualTo("rtds"));
        Assert.That(pool.LastFailure, Does.StartWith("'bad' was put back to 'rtds': ").And.Contain(reason));
        Assert.That(_said.Any(s => s.Contains(reason, StringComparison.Ordinal)));
        Assert.That((_core.Context(7).Weight, _core.Context(7).BudgetNs), Is.EqualTo((333u, 4_000_000ul)), "rtds' contexts");
        // The next incarnation knows it too.
        Assert.That(Begin(how, () => isBad, TimeSpan.FromSeconds(60)).Current.Pools.Single().LastFailure, Is.EqualTo(pool.LastFailure));
    }

    [Test]
    public void ASilentPolicyIsPutBackAndTheServiceIsToBeRestarted()
    {
        bool isBad = false;
        SchedulerEngine engine = Begin("hangs", () => isBad, TimeSpan.FromSeconds(1));
        engine.Swap("", "bad");
        Assert.That(engine.HasRunaway, Is.False);
        isBad = true;
        Epoch(engine);
        Assert.That(engine.HasRunaway, Is.True);
        Assert.That(engine.Current.Pools.Single().LastFailure, Does.Contain("did not answer within 1000 ms"));
        isBad = false;
    }

    [Test]
    public void AWrongPolicyIsNotSwappedIn()
    {
        SchedulerEngine engine = Begin("overcommit", static () => true, TimeSpan.FromSeconds(60));
        Assert.That(Assert.Throws<RefusedException>(() => engine.Swap("", "bad"))!.Message, Does.Contain("too much is promised"));
        Assert.That(engine.Current.Pools.Single().PolicyName, Is.EqualTo("rtds"));
    }

    [Test]
    public void AWishThatMeetsAPolicyWhichHasGoneBadMayBeMadeAgain()
    {
        bool isBad = false;
        SchedulerEngine engine = Begin("throws", () => isBad, TimeSpan.FromSeconds(60));
        engine.Swap("", "bad");
        isBad = true;
        Assert.That(Assert.Throws<RefusedException>(() => engine.Change(7, static s => s with { Weight = 99 }))!.Kind, Is.EqualTo(RefusalKind.TryAgain));
        Epoch(engine);
        engine.Change(7, static s => s with { Weight = 99 });
        Assert.That(engine.Current.Pools.Single().PolicyName, Is.EqualTo("rtds"));
        Assert.That(Assert.Throws<RefusedException>(() => engine.Swap("", "bad"))!.Kind, Is.EqualTo(RefusalKind.NotNow), "it is the wish that is wrong");
    }

    [Test]
    public void APolicyThatFailsInOnePoolDoesNotHoldUpAnother()
    {
        bool isBad = false;
        SchedulerEngine engine = Begin("overcommit", () => isBad, TimeSpan.FromSeconds(60));
        engine.SetPool("rest", [2], "credit2");
        engine.Change(8, static s => s with { Pool = "rest" });
        engine.Swap("", "bad");
        isBad = true;
        _core.Run(8, ranNs: 1);
        _core.Add(9, 1);
        Epoch(engine);
        Assert.That(_core.Context(8).Affinity, Is.EqualTo(0b100));
        engine.Swap("", "credit2");
        Assert.That(engine.Current.Pools[0].LastFailure, Is.Empty);
    }

    [Test]
    public void IfThePreviousPolicyFailsTooTheContextsHold()
    {
        bool isBad = false;
        _core = new FakeCore();
        var engine = new SchedulerEngine(
            _core,
            new KeptStore(_memory),
            new EngineOptions
            {
                TimeLimit = Timeout.InfiniteTimeSpan,
                Policies = new Dictionary<string, Func<IPolicy>> { ["credit2"] = () => new HostilePolicy("throws", () => isBad) },
            },
            _said.Add);
        Epoch(engine);
        Epoch(engine);
        VcpuContext before = _core.Context(7);
        isBad = true;
        Epoch(engine);
        Assert.That(_core.Context(7), Is.EqualTo(before));
        Assert.That(_said[^1], Does.Contain("the contexts in force hold"));
        isBad = false;
        _core.Add(9, 1);
        Epoch(engine);
        Assert.That(_core.Context(9).Affinity, Is.EqualTo(0b110), "and it goes on when it can");
    }

    private void Epoch(SchedulerEngine engine)
    {
        _core.Now += 100_000_000;
        engine.RunEpoch();
    }

    private SchedulerEngine Begin(string how, Func<bool> isBad, TimeSpan limit)
    {
        _core ??= new FakeCore();
        var policies = new Dictionary<string, Func<IPolicy>>(PolicyCatalogue.All) { ["bad"] = () => new HostilePolicy(how, isBad) };
        var engine = new SchedulerEngine(_core, new KeptStore(_memory), new EngineOptions { TimeLimit = limit, Policies = policies }, _said.Add);
        engine.RunEpoch();
        if (engine.Current.Pools.Single().PolicyName == "credit2")
            engine.Swap("", "rtds");
        return engine;
    }

    [SetUp]
    public void Clear()
    {
        _said.Clear();
        _memory.Bytes.Clear();
        _core = null!;
    }
}
