using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using NUnit.Framework;

namespace Microkernel.Services.Scheduler.Tests;

/// <summary>Epochs, swaps, parameters and pools, on a core that checks transactions.</summary>
public sealed class EngineTests
{
    private const ulong Ms = 1_000_000;

    private readonly List<string> _said = [];
    private FakeCore _core = null!;
    private ArrayKeptMemory _memory = null!;
    private SchedulerEngine _engine = null!;

    [SetUp]
    public void Start()
    {
        _said.Clear();
        _core = new FakeCore();
        _memory = new ArrayKeptMemory(8192);
        _engine = Begin();
        Epoch();
    }

    [Test]
    public void AtFirstThereIsOnePoolOfAllCpusWithCredit2()
    {
        SchedulingPool pool = _engine.Current.Pools.Single();
        Assert.That((pool.Name, pool.PolicyName), Is.EqualTo(("default", "credit2")));
        Assert.That(pool.Cpus, Is.EqualTo(new uint[] { 1, 2 }));
        Assert.That(_core.Context(7), Is.EqualTo(new VcpuContext { Affinity = 0b110 }));
        Assert.That(_core.Context(1).Weight, Is.EqualTo(4096), "a service keeps what the manifest gave it");
    }

    [Test]
    public void WhatIsInForceIsNotAppliedAgainAndIdleEpochsGetLonger()
    {
        TimeSpan first = Epoch();
        int applied = _core.Applied.Count;
        TimeSpan last = first;
        for (int i = 0; i < 6; i++)
            last = Epoch();
        Assert.That(_core.Applied, Has.Count.EqualTo(applied));
        Assert.That((first, last), Is.EqualTo((TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(2))));
        _core.Run(7, ranNs: 50 * Ms);
        Assert.That(Epoch(), Is.EqualTo(TimeSpan.FromMilliseconds(400)), "a guest works");
    }

    [Test]
    public void ADomainThatComesIsScheduledAndOneThatGoesIsForgotten()
    {
        _core.Add(9, 1);
        Epoch();
        _engine.Change(9, static s => s with { Weight = 512 });
        Assert.That(_core.Context(9).Weight, Is.EqualTo(512));
        _core.Remove(9);
        _core.Add(9, 1, generation: 2);
        Epoch();
        Assert.That(_core.Context(9).Weight, Is.EqualTo(256), "another life of the domain");
    }

    [Test]
    public void ADomainOfWhichNothingIsSaidKeepsOutOfOtherPoolsOnceItIsAdmitted()
    {
        _engine.SetPool("rest", [2], "");
        _core.Add(9, 1);
        Assert.That(_core.Context(9).Affinity, Is.EqualTo(0b110), "as the core begins it");
        _engine.Change(9, static s => s);
        Assert.That(_core.Context(9).Affinity & 0b110, Is.EqualTo(0b010), "without waiting for an epoch");
        Assert.That(_engine.Current.Settings, Is.Empty, "there is nothing to keep");
    }

    [Test]
    public void WhatSomebodyMissesAlreadyIsNobodyElsesFault([Values] bool isRestarted)
    {
        Set(8, static s => s with { Reservation = new(6 * Ms, 10 * Ms) });
        _engine.SetPool("rest", [2], "");
        Epoch();
        if (isRestarted)
            _engine = Begin();
        Set(7, static s => s with { Weight = 300 });
        Assert.That(_engine.Current.Pools[0].Plan!.Unhonoured.Where(static u => u.IsAdmission).Select(static u => u.Domain), Is.EqualTo(new[] { 8u }), "one CPU is too little for it");
        _core.Add(9, 1);
        Set(9, static s => s);
        Assert.That(Assert.Throws<RefusedException>(() => Set(7, static s => s with { Reservation = new(6 * Ms, 10 * Ms) }))!.Kind, Is.EqualTo(RefusalKind.NotNow));
    }

    [Test]
    public void ParametersOutliveEveryChangeOfPolicyAndARestart()
    {
        _engine.SetPool("rest", [2], "");
        Set(8, s => s with { Pool = "rest", Weight = 700, Cap = 50, Priority = 2, IsInteractive = true, Reservation = new(2 * Ms, 20 * Ms), Pin = 0b100 });
        DomainSettings wanted = Settings(8);
        foreach (string from in PolicyCatalogue.All.Keys)
        {
            foreach (string to in PolicyCatalogue.All.Keys)
            {
                _engine.Swap("rest", from);
                _engine.Swap("rest", to);
                Epoch();
                Assert.That(_engine.Current.Find("rest")!.PolicyName, Is.EqualTo(to));
                Assert.That(Settings(8), Is.EqualTo(wanted), $"{from} to {to}");
            }
        }

        int applied = _core.Applied.Count;
        _engine = Begin();
        Epoch();
        Assert.That(Settings(8), Is.EqualTo(wanted));
        Assert.That(_engine.Current.Find("rest")!.PolicyName, Is.EqualTo(PolicyCatalogue.All.Keys.Last()));
        Assert.That(_core.Applied.Skip(applied).SelectMany(static t => t.Contexts), Is.Empty, "the contexts were in force already");
        Assert.That(_said, Is.Empty);
    }

    [Test]
    public void DamagedMemoryIsSaidAndBegunAnew([Values(0, 8, 17, 21, 40)] int at)
    {
        Set(7, static s => s with { Weight = 99 });
        for (int half = 0; half < 2; half++)
            _memory.Bytes[(half * 4096) + at] ^= 0x55;
        _engine = Begin();
        Assert.That(_said.Single(), Does.Contain("damaged"));
        Assert.That(Settings(7), Is.EqualTo(DomainSettings.None));
        Epoch();
        Assert.That(_core.Context(7).Weight, Is.EqualTo(256));
        Set(7, static s => s with { Weight = 98 });
        _said.Clear();
        _engine = Begin();
        Assert.That((Settings(7).Weight, _said.Count), Is.EqualTo((98u, 0)), "it is in use again");
    }

    [Test]
    public void AnyBytesAreReadOrRefused()
    {
        var random = new Random(1);
        for (int i = 0; i < 300; i++)
        {
            Set(7, s => s with { Weight = (uint)(1 + i) });
            int flips = random.Next(1, 20);
            for (int flip = 0; flip < flips; flip++)
                _memory.Bytes[random.Next(_memory.Bytes.Length)] = (byte)random.Next(256);
            _engine = Begin();
            Epoch();
        }
    }

    [Test]
    public void AWriteThatWasCutOffLeavesWhatWasBefore()
    {
        Set(7, static s => s with { Weight = 11 });
        byte[] before = _memory.Bytes.ToArray();
        Set(7, static s => s with { Weight = 12 });
        byte[] after = _memory.Bytes.ToArray();
        // The number of a half is written last: what came before it may be there or not.
        for (int length = 0; length < after.Length; length += 64)
        {
            before.CopyTo(_memory.Bytes);
            for (int i = 0; i < length; i++)
            {
                if (i % 4096 >= 16)
                    _memory.Bytes[i] = after[i];
            }

            _engine = Begin();
            Assert.That(Settings(7).Weight, Is.EqualTo(11), $"{length}");
        }
    }

    [Test]
    public void WhatIsStaleIsComputedAnew()
    {
        _core.StaleTimes = 3;
        Set(7, static s => s with { Weight = 300 });
        Assert.That(_core.Context(7).Weight, Is.EqualTo(300));
        _core.StaleTimes = 1;
        Assert.That(Epoch(), Is.EqualTo(TimeSpan.FromMilliseconds(200)).Or.EqualTo(TimeSpan.FromMilliseconds(100)));
        _core.StaleTimes = 100;
        RefusedException refused = Refused(() => Set(7, static s => s with { Weight = 301 }));
        Assert.That(refused.Message, Does.Contain("try it again"));
        Assert.That(Settings(7).Weight, Is.EqualTo(300));
    }

    [Test]
    public void WhatTheCoreRefusesIsToldAndNothingChanges()
    {
        _core.Refusal = "no";
        Assert.That(Refused(() => Set(7, static s => s with { Weight = 300 })).Message, Is.EqualTo("the core refuses it: no"));
        Assert.That(Refused(() => _engine.Swap("", "rtds")).Message, Does.Contain("no"));
        Assert.That((Settings(7).Weight, _engine.Current.Pools[0].PolicyName), Is.EqualTo(((uint?)null, "credit2")));
    }

    [Test]
    public void APoolTakesCpusFromTheDefaultPoolAndServicesLeaveIt()
    {
        _engine.SetPool("rest", [2], "null");
        Assert.That(_engine.Current.Pools[0].Cpus, Is.EqualTo(new uint[] { 1 }));
        Assert.That(_core.Of(1).Pin, Is.EqualTo(0b10));
        Assert.That(_core.Context(7).Affinity, Is.EqualTo(0b10));
        Set(7, static s => s with { Pool = "rest" });
        Assert.That(_core.Context(7).Affinity, Is.EqualTo(0b100));
        Assert.That(Refused(() => _engine.DeletePool("rest")).Message, Does.Contain("domains 7 are in pool 'rest'"));
        Set(7, static s => s with { Pool = "default" });
        _engine.DeletePool("rest");
        Epoch();
        Assert.That(_core.Of(1).Pin, Is.EqualTo(0b110));
        Assert.That(_core.Context(7).Affinity, Is.EqualTo(0b110));
    }

    [Test]
    public void PoolsThatCannotBeAreRefused()
    {
        _engine.SetPool("rest", [2], "");
        foreach ((Action wish, RefusalKind kind, string what) in new (Action, RefusalKind, string)[]
        {
            (() => _engine.SetPool("other", [2], ""), RefusalKind.NotNow, "CPU 2 is in pool 'rest'"),
            (() => _engine.SetPool("other", [1], ""), RefusalKind.NotNow, "a CPU must be left"),
            (() => _engine.SetPool("other", [9], ""), RefusalKind.NotFound, "CPU 9"),
            (() => _engine.SetPool("other", [], ""), RefusalKind.Invalid, "needs a CPU"),
            (() => _engine.SetPool("a b", [1], ""), RefusalKind.Invalid, "name"),
            (() => _engine.SetPool("default", [1], ""), RefusalKind.NotNow, "change the others"),
            (() => _engine.SetPool("rest", [2], "nothing"), RefusalKind.NotFound, "there are arinc653, credit, credit2"),
            (() => _engine.DeletePool("default"), RefusalKind.NotNow, "cannot go"),
            (() => _engine.DeletePool("other"), RefusalKind.NotFound, "there are default, rest"),
            (() => _engine.Swap("other", "credit"), RefusalKind.NotFound, "'other'"),
            (() => Set(7, static s => s with { Pool = "other" }), RefusalKind.NotFound, "'other'"),
            (() => Set(7, static s => s with { Pin = 0b100 }), RefusalKind.NotNow, "no CPU of pool 'default'"),
            (() => Set(7, static s => s with { Cap = 201 }), RefusalKind.Invalid, "at most 200"),
            (() => Set(1, static s => s with { Cap = 20 }), RefusalKind.NotNow, "service"),
            (() => Set(77, static s => s), RefusalKind.NotFound, "domain 77"),
        })
        {
            RefusedException refused = Refused(wish);
            Assert.That((refused.Kind, refused.Message), Is.EqualTo((kind, refused.Message)));
            Assert.That(refused.Message, Does.Contain(what));
        }

        Assert.That(_engine.Current.Pools, Has.Length.EqualTo(2));
    }

    [Test]
    public void NullRunsOnlyWhereNoServiceHasAFloorAndAFailedPoolLeavesServicesWhereTheyWere()
    {
        Assert.That(Refused(() => _engine.Swap("", "null")).Message, Does.Contain("make a pool for it"));
        _core.Refusal = "no";
        Refused(() => _engine.SetPool("rest", [2], "null"));
        Assert.That(_core.Of(1).Pin & 0b110, Is.EqualTo(0b110));
    }

    [Test]
    public void AReservationForWhichThereIsNoRoomIsRefusedAndTheOthersKeepTheirs()
    {
        Set(7, static s => s with { Reservation = new(6 * Ms, 10 * Ms) });
        RefusedException refused = Refused(() => Set(8, static s => s with { Reservation = new(5 * Ms, 10 * Ms) }));
        Assert.That(refused.Message, Does.Contain("domain 8: 5 ms of every 10 ms").And.Contain("50 %").And.Contain("75 %"));
        Assert.That(Settings(8).Reservation, Is.Null);
        Assert.That((_core.Context(7).BudgetNs, _core.Context(8).BudgetNs), Is.EqualTo((6 * Ms, 0ul)));
    }

    [Test]
    public void AServicesWeightIsSet()
    {
        Set(1, static s => s with { Weight = 1000 });
        Assert.That(_core.Context(1).Weight, Is.EqualTo(1000));
    }

    private SchedulerEngine Begin()
    {
        var engine = new SchedulerEngine(_core, new KeptStore(_memory), new EngineOptions { TimeLimit = Timeout.InfiniteTimeSpan }, _said.Add);
        engine.RunEpoch();
        return engine;
    }

    private TimeSpan Epoch()
    {
        _core.Now += 100 * Ms;
        return _engine.RunEpoch();
    }

    private void Set(uint domain, Func<DomainSettings, DomainSettings> change) => _engine.Change(domain, change);

    private DomainSettings Settings(uint domain) => _engine.Current.Of(DomainKey.Of(_core.Of(domain).Key));

    private static RefusedException Refused(Action wish) => Assert.Throws<RefusedException>(() => wish())!;
}
