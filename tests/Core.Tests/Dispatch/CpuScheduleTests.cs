using System;
using System.Collections.Generic;
using System.Linq;
using Microkernel.Core.Dispatch;
using NUnit.Framework;
using static Microkernel.Core.Tests.Dispatch.OneCpu;

namespace Microkernel.Core.Tests.Dispatch;

/// <summary>The decisions of one CPU, in simulated time.</summary>
[TestFixture]
public sealed class CpuScheduleTests
{
    [Test]
    public void SlackIsSharedByWeight()
    {
        OneCpu cpu = new();
        OneCpu.Load[] loads = [.. new[] { 256, 512, 1024 }.Select(weight => cpu.Add(weight))];
        cpu.Run(20 * Second);
        Assert.That((double)loads[1].Ran / loads[0].Ran, Is.EqualTo(2).Within(0.02));
        Assert.That((double)loads[2].Ran / loads[0].Ran, Is.EqualTo(4).Within(0.04));
        Assert.That(cpu.Idle, Is.LessThanOrEqualTo(1));
    }

    [TestCase(5, 10)]
    [TestCase(1, 10)]
    [TestCase(25, 100)]
    [TestCase(3, 1000)]
    public void ALimitHoldsInEveryPeriodAndNobodyElseIsNeededForIt(int limit, int period)
    {
        OneCpu cpu = new();
        OneCpu.Load load = cpu.Add();
        load.Context.SetRules(0, (ulong)period * Millisecond, (ulong)limit * Millisecond, 0, cpu.Now);
        Dictionary<ulong, ulong> used = [];
        cpu.OnRan = (_, from, to) => used[load.Context.LimitEnd] = used.GetValueOrDefault(load.Context.LimitEnd) + to - from;
        cpu.Run(10 * Second);
        Assert.That(used.Values, Has.All.LessThanOrEqualTo((ulong)limit * Millisecond));
        Assert.That((double)load.Ran / cpu.Now, Is.EqualTo((double)limit / period).Within(1).Percent);
    }

    [Test]
    public void ABudgetIsThereWhateverTheWeightsAndTheRestIsSlack()
    {
        OneCpu cpu = new();
        OneCpu.Load guaranteed = cpu.Add(weight: 1);
        guaranteed.Context.SetRules(6 * Millisecond, 10 * Millisecond, 0, 0, cpu.Now);
        OneCpu.Load heavy = cpu.Add(weight: 65535);
        cpu.Run(10 * Second);
        Assert.That((double)guaranteed.Ran / cpu.Now, Is.EqualTo(0.6).Within(0.01));
        Assert.That((double)heavy.Ran / cpu.Now, Is.EqualTo(0.4).Within(0.01));
    }

    [Test]
    public void SlackIsSharedByWeightBesideABudget()
    {
        OneCpu cpu = new();
        OneCpu.Load guaranteed = cpu.Add();
        guaranteed.Context.SetRules(4 * Millisecond, 10 * Millisecond, 0, 0, cpu.Now);
        OneCpu.Load other = cpu.Add(512);
        cpu.Run(20 * Second);
        Assert.That((double)guaranteed.Ran / cpu.Now, Is.EqualTo(0.4 + 0.2).Within(0.015));
        Assert.That((double)other.Ran / cpu.Now, Is.EqualTo(0.4).Within(0.015));
    }

    [Test]
    public void AHigherBandsBudgetComesFirst()
    {
        OneCpu cpu = new();
        OneCpu.Load low = cpu.Add();
        low.Context.SetRules(4 * Millisecond, 10 * Millisecond, 0, 0, cpu.Now);
        OneCpu.Load high = cpu.Add(start: 1000, burst: () => Millisecond, sleep: () => 7 * Millisecond);
        high.Context.SetRules(10 * Millisecond, 40 * Millisecond, 0, 3, cpu.Now);
        cpu.Run(50 * Millisecond);
        Assert.That(high.WorstWait, Is.Zero, "its deadline is later, its band higher");
    }

    [Test]
    public void BudgetAndLimitOfTheSameSizeGiveExactlyThat()
    {
        OneCpu cpu = new();
        OneCpu.Load[] loads = [.. Enumerable.Range(0, 3).Select(_ => cpu.Add())];
        foreach (OneCpu.Load load in loads)
            load.Context.SetRules(3 * Millisecond, 10 * Millisecond, 3 * Millisecond, 0, cpu.Now);

        cpu.Run(10 * Second);
        Assert.That(loads.Select(load => (double)load.Ran / cpu.Now), Has.All.EqualTo(0.3).Within(1).Percent);
        Assert.That((double)cpu.Idle / cpu.Now, Is.EqualTo(0.1).Within(3).Percent);
    }

    [Test]
    public void FloorsComeBeforeEveryBandAndAreATwentiethOfAFifthEachWhenTwentyWantThem()
    {
        OneCpu cpu = new();
        OneCpu.Load[] services = [.. Enumerable.Range(0, 20).Select(_ => cpu.Add(weight: 1))];
        foreach (OneCpu.Load service in services)
            service.Context.SetFloor(2 * Millisecond, 10 * Millisecond);

        OneCpu.Load greedy = cpu.Add(weight: 65535);
        greedy.Context.SetRules(8 * Millisecond, 10 * Millisecond, 0, 3, cpu.Now);
        cpu.Run(20 * Second);
        Assert.That((double)greedy.Ran / cpu.Now, Is.EqualTo(0.8).Within(0.01));
        Assert.That(services.Select(service => (double)service.Ran / cpu.Now), Has.All.EqualTo(0.01).Within(5).Percent);
    }

    [Test]
    public void AServiceThatSleepsMostlyRunsAtOnceWhenItWakes()
    {
        OneCpu cpu = new();
        OneCpu.Load service = cpu.Add(weight: 1, burst: () => 100 * Microsecond, sleep: () => 3 * Millisecond);
        service.Context.SetFloor(2 * Millisecond, 10 * Millisecond);
        for (int i = 0; i < 10; i++)
            cpu.Add(weight: 65535);

        cpu.Run(5 * Second);
        Assert.That(service.WorstWait, Is.Zero);
    }

    [TestCase(true)]
    [TestCase(false)]
    public void ATableGivesItsSlotsInTurnAndTheRestToTheOthers(bool isStrict)
    {
        OneCpu cpu = new();
        OneCpu.Load first = cpu.Add(), second = cpu.Add(), other = cpu.Add(weight: 65535);
        List<(ulong From, ulong To)> ran = [];
        cpu.OnRan = (load, from, to) => ran.AddRange(load == first ? [(from, to)] : []);
        cpu.Schedule.Table.Append(first.Context, 3 * Millisecond, isStrict);
        cpu.Schedule.Table.Append(second.Context, 2 * Millisecond, isStrict);
        cpu.Schedule.Table.Append(null, 5 * Millisecond, false);
        cpu.Schedule.Restart(cpu.Now);
        cpu.Run((10 * Second) + 1);
        Assert.That(first.Ran, Is.EqualTo(3 * Second));
        Assert.That(second.Ran, Is.EqualTo(2 * Second));
        Assert.That(other.Ran, Is.EqualTo(5 * Second));
        Assert.That(ran.Select(part => (part.From - 1) % (10 * Millisecond)), Has.All.LessThan(3 * Millisecond));
    }

    [TestCase(true, 0)]
    [TestCase(false, 8)]
    public void AStrictSlotIsNobodyElsesWhenItsOwnerSleeps(bool isStrict, int share)
    {
        OneCpu cpu = new();
        OneCpu.Load owner = cpu.Add(start: 100 * Second), other = cpu.Add();
        cpu.Schedule.Table.Append(owner.Context, 8 * Millisecond, isStrict);
        cpu.Schedule.Table.Append(null, 2 * Millisecond, false);
        cpu.Schedule.Restart(cpu.Now);
        cpu.Run((10 * Second) + 1);
        Assert.That(other.Ran, Is.EqualTo((ulong)(2 + share) * Second));
    }

    [Test]
    public void AnOwnerThatWakesInItsSlotRunsAtOnceAndOutsideNotBeforeIt()
    {
        OneCpu cpu = new();
        OneCpu.Load owner = cpu.Add(start: 4 * Millisecond, burst: () => 2 * Millisecond, sleep: () => 9 * Millisecond), other = cpu.Add();
        cpu.Schedule.Table.Append(owner.Context, 5 * Millisecond, false);
        cpu.Schedule.Table.Append(other.Context, 5 * Millisecond, false);
        cpu.Schedule.Restart(cpu.Now);
        cpu.Run(9 * Millisecond);
        Assert.That(owner.Ran, Is.EqualTo(Millisecond + 1), "the slot ended");
        Assert.That(owner.WorstWait, Is.Zero);
        cpu.Run(12 * Millisecond);
        Assert.That(owner.Ran, Is.EqualTo(2 * Millisecond));
    }

    [Test]
    public void TheContextOfATableThatIsGoneGoesByTheOtherRules()
    {
        OneCpu cpu = new();
        OneCpu.Load first = cpu.Add(), second = cpu.Add();
        cpu.Schedule.Table.Append(first.Context, Millisecond, true);
        cpu.Schedule.Table.Append(null, 9 * Millisecond, true);
        cpu.Schedule.Restart(cpu.Now);
        cpu.Run(Second + (5 * Millisecond));
        Assert.That((first.Ran, second.Ran), Is.EqualTo((101 * Millisecond, 0)));
        cpu.Schedule.Remove(first.Context);
        cpu.Schedule.Table.Clear();
        cpu.Schedule.Restart(cpu.Now);
        cpu.Schedule.Add(first.Context, cpu.Now);
        cpu.Run(3 * Second);
        Assert.That(first.Ran, Is.EqualTo(Second).Within(15).Percent);
        Assert.That(second.Ran, Is.EqualTo(Second).Within(15).Percent);
    }

    [Test]
    public void WhoYieldsLeavesItsGuaranteeAloneForAMillisecond()
    {
        CpuSchedule schedule = new(0, 2, Second);
        SchedulingContext service = new(), other = new();
        service.SetFloor(2 * Millisecond, 10 * Millisecond);
        service.Wake(1);
        schedule.Join(other, 1);
        schedule.Join(service, 1);
        Assert.That(schedule.PickNext(1, out _), Is.SameAs(service));
        schedule.Yield(service);
        schedule.Stop(1000);
        schedule.Add(service, 1001);
        Assert.That(schedule.PickNext(1001, out ulong until), Is.SameAs(other));
        Assert.That(until, Is.EqualTo(1001 + Millisecond));
        schedule.Stop(Millisecond);
        schedule.Add(other, until);
        Assert.That(schedule.PickNext(until, out _), Is.SameAs(service));
    }

    [Test]
    public void WhoWakesWithItsLimitUsedUpRunsWhenItsPeriodBegins()
    {
        OneCpu cpu = new();
        OneCpu.Load limited = cpu.Add(weight: 65535, burst: () => 2 * Millisecond, sleep: () => Millisecond);
        limited.Context.SetRules(4 * Millisecond, 7 * Millisecond, 4 * Millisecond, 0, cpu.Now);
        cpu.Add();
        cpu.Run(5 * Second);
        Assert.That((double)limited.Ran / cpu.Now, Is.EqualTo(4.0 / 7.0).Within(0.012), "a slice of the other's does not delay it");
    }

    [Test]
    public void SettingTheSameRulesAgainGivesNothing()
    {
        OneCpu cpu = new();
        OneCpu.Load load = cpu.Add();
        load.Context.SetRules(0, 10 * Millisecond, 2 * Millisecond, 0, cpu.Now);
        for (int i = 0; i < 1000; i++)
        {
            cpu.Run(cpu.Now + Millisecond);
            if (load.Context.IsQueued)
            {
                cpu.Schedule.Remove(load.Context);
                Assert.That(load.Context.SetRules(0, 10 * Millisecond, 2 * Millisecond, 0, cpu.Now), Is.False);
                cpu.Schedule.Add(load.Context, cpu.Now);
            }
        }

        Assert.That((double)load.Ran / cpu.Now, Is.EqualTo(0.2).Within(2).Percent);
    }

    /// <summary>
    /// Any mix of guarantees that a CPU can keep, beside others that sleep and wake at any times: who computes without end gets its budget in
    /// each of its periods, who has a limit never gets more, nobody starves, and the CPU does not idle while somebody may run.
    /// </summary>
    [FsCheck.NUnit.Property(MaxTest = 300)]
    public void BudgetsAndLimitsHoldInAnyMix(int seed)
    {
        Random random = new(seed);
        OneCpu cpu = new();
        List<OneCpu.Load> busy = [];
        double free = 1;
        for (int i = random.Next(1, 9); i > 0 && free > 0.05; i--)
        {
            ulong period = (ulong)random.Next(1, 50) * Millisecond;
            double share = Math.Min(free, random.NextDouble() * 0.6);
            ulong budget = (ulong)(share * period);
            bool isBusy = random.Next(2) == 0;
            OneCpu.Load load = isBusy ? cpu.Add() : AddSleeper(cpu, random);
            bool hasLimit = random.Next(2) == 0;
            load.Context.SetRules(budget, period, hasLimit ? budget : 0, 0, cpu.Now);
            free -= share;
            if (isBusy && budget > 0)
                busy.Add(load);
        }

        OneCpu.Load slack = cpu.Add(weight: random.Next(1, 65536));
        for (int i = random.Next(4); i > 0; i--)
            AddSleeper(cpu, random);

        Check(cpu, busy);
        Assert.That(cpu.Idle, Is.LessThanOrEqualTo(1));
        Assert.That(free < 0.05 || slack.Ran > 0, "slack that there is reaches who waits for it");
    }

    private static OneCpu.Load AddSleeper(OneCpu cpu, Random random)
    {
        ulong most = (ulong)random.Next(1, 20_000) * Microsecond;
        return cpu.Add(
            random.Next(1, 1000), (ulong)random.NextInt64((long)Second / 10), () => 1 + (ulong)random.NextInt64((long)most),
            () => 1 + (ulong)random.NextInt64(2 * (long)most));
    }

    private static void Check(OneCpu cpu, List<OneCpu.Load> busy)
    {
        Dictionary<(OneCpu.Load, ulong), ulong> limited = [];
        cpu.OnRan = (load, from, to) =>
        {
            if (load.Context.Limit != 0)
                limited[(load, load.Context.LimitEnd)] = limited.GetValueOrDefault((load, load.Context.LimitEnd)) + to - from;
        };
        ulong[] before = new ulong[busy.Count];
        ulong[] next = [.. busy.Select(load => 1 + load.Context.Period)];
        while (cpu.Now < Second)
        {
            cpu.Run(next.DefaultIfEmpty(Second).Min());
            for (int i = 0; i < busy.Count; i++)
            {
                if (cpu.Now != next[i])
                    continue;

                // A limit of the same size ends with the period that it is in: what is looked at begins with it.
                Assert.That(busy[i].Ran - before[i], Is.GreaterThanOrEqualTo(busy[i].Context.Budget), $"period that ends at {cpu.Now}");
                before[i] = busy[i].Ran;
                next[i] += busy[i].Context.Period;
            }
        }

        foreach (((OneCpu.Load load, _), ulong used) in limited)
            Assert.That(used, Is.LessThanOrEqualTo(load.Context.Limit));
    }
}
