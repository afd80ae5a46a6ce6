using System.Collections.Generic;
using System.Linq;
using NUnit.Framework;

namespace Microkernel.Services.Scheduler.Tests;

/// <summary>What each policy makes of the same wishes.</summary>
public sealed class PolicyTests
{
    private const ulong Ms = 1_000_000;

    [Test]
    public void Credit2WeighsVcpusAndCreditDomains()
    {
        PoolView pool = Pool(2, Domain(7, new() { Weight = 400 }, Busy(7, 0), Busy(7, 1)));
        Assert.That(Contexts(new Credit2Policy(), pool).Select(static c => c.Weight), Is.EqualTo(new[] { 400u, 400u }));
        Assert.That(Contexts(new CreditPolicy(), pool).Select(static c => c.Weight), Is.EqualTo(new[] { 200u, 200u }));
    }

    [Test]
    public void ACapIsDividedAmongThoseThatWork([Values(0, 1, 2, 3)] int busy)
    {
        VcpuView[] vcpus = [.. Enumerable.Range(0, 3).Select(v => v < busy ? Busy(7, (uint)v) : Idle(7, (uint)v))];
        List<VcpuContext> contexts = Contexts(new Credit2Policy(), Pool(4, Domain(7, new() { Cap = 90 }, vcpus)));
        Assert.That(contexts.Sum(static c => (double)c.LimitNs / c.PeriodNs), Is.EqualTo(0.9).Within(0.001));
        if (busy == 1)
            Assert.That(contexts[0].LimitNs, Is.EqualTo(84 * Ms / 10));
    }

    [Test]
    public void AReservationIsABudgetOnOneCpu()
    {
        PoolView pool = Pool(
            2,
            Domain(7, new() { Reservation = new(5 * Ms, 10 * Ms), Priority = 2 }, Busy(7, 0), Busy(7, 1)),
            Domain(8, new() { Reservation = new(2 * Ms, 10 * Ms), HasExtraTime = false }, Busy(8, 0)));
        List<VcpuContext> contexts = Contexts(new Credit2Policy(), pool);
        Assert.That(contexts.Select(static c => (c.BudgetNs / Ms, c.LimitNs / Ms, c.Band)), Is.EqualTo(new[] { (5ul, 0ul, 2u), (5ul, 0ul, 2u), (2ul, 2ul, 0u) }));
        Assert.That(contexts[0].Affinity | contexts[1].Affinity, Is.EqualTo(pool.Mask));
        Assert.That(contexts.All(static c => ulong.IsPow2(c.Affinity)));
    }

    [Test]
    public void NobodyMovesWhenAnotherReservationComesUnlessThatMakesRoom()
    {
        var policy = new Credit2Policy();
        DomainView a = Domain(7, new() { Reservation = new(4 * Ms, 10 * Ms) }, Busy(7, 0)), b = Domain(8, new() { Reservation = new(4 * Ms, 10 * Ms) }, Busy(8, 0));
        List<VcpuContext> first = Contexts(policy, Pool(2, a, b));
        DomainView small = Domain(9, new() { Reservation = new(3 * Ms, 10 * Ms) }, Busy(9, 0));
        Assert.That(Contexts(policy, Pool(2, a, b, small)).Take(2), Is.EqualTo(first));
        // 8 of 10 fit only on a CPU by themselves.
        DomainView large = Domain(10, new() { Reservation = new(9 * Ms, 10 * Ms) }, Busy(10, 0));
        PolicyPlan plan = policy.Plan(Pool(2, a, b, large));
        Assert.That(plan.Unhonoured, Is.Empty);
        Assert.That(plan.Contexts.Values.Select(static c => c.Affinity).Distinct().Count(), Is.EqualTo(2));
    }

    [Test]
    public void RtdsGivesTheOthersFourOfTenOrWhatIsLeft()
    {
        Assert.That(Contexts(new RtdsPolicy(), Pool(2, Domain(7, new(), Busy(7, 0)))).Single().BudgetNs, Is.EqualTo(4 * Ms));
        PoolView full = Pool(1, [.. Enumerable.Range(7, 5).Select(static d => Domain((uint)d, new(), Busy((uint)d, 0)))]);
        Assert.That(Contexts(new RtdsPolicy(), full).Select(static c => c.BudgetNs), Is.All.EqualTo(15 * Ms / 10));
        PolicyPlan plan = new RtdsPolicy().Plan(Pool(1, Domain(7, new() { Reservation = new(9 * Ms, 10 * Ms) }, Busy(7, 0)), Domain(8, new(), Busy(8, 0))));
        Assert.That(plan.Contexts.Values.Select(static c => c.BudgetNs), Is.EqualTo(new[] { 9 * Ms, 0ul }));
    }

    [Test]
    public void InteractiveFindsWhoWakesUpForALittleAndForgetsWhoDoesNot()
    {
        var policy = new InteractivePolicy();
        PoolView calm = Pool(2, Domain(7, new(), new VcpuView { Key = new(7, 1, 0), RanNs = 5 * Ms, Wakeups = 20 }), Domain(8, new(), Busy(8, 0)));
        for (int i = 0; i < 3; i++)
            policy.Plan(calm);
        Assert.That(Contexts(policy, calm).Select(static c => c.BudgetNs > 0), Is.EqualTo(new[] { true, false }));
        PoolView hog = Pool(2, Domain(7, new(), Busy(7, 0)), Domain(8, new(), Busy(8, 0)));
        policy.Plan(hog);
        Assert.That(Contexts(policy, hog).Select(static c => c.BudgetNs), Is.All.Zero);
        PoolView told = Pool(2, Domain(7, new() { IsInteractive = true }, Busy(7, 0)));
        Assert.That(Contexts(new InteractivePolicy(), told).Single().BudgetNs, Is.EqualTo(5 * Ms));
    }

    [Test]
    public void NullGivesEachVcpuACpuAndLeavesItThere()
    {
        var policy = new NullPolicy();
        PoolView two = Pool(3, Domain(7, new(), Busy(7, 0), Busy(7, 1)));
        List<VcpuContext> before = Contexts(policy, two);
        Assert.That(before.Select(static c => c.Affinity).Distinct().Count(), Is.EqualTo(2));
        PolicyPlan plan = policy.Plan(Pool(3, Domain(6, new(), Busy(6, 0), Busy(6, 1)), two.Domains[0]));
        Assert.That(plan.Contexts.Where(static c => c.Key.Domain == 7).Select(static c => c.Value), Is.EqualTo(before));
        Assert.That(plan.Unhonoured.Select(static u => u.What), Has.All.Contains("shares CPU"));
        Assert.That(plan.Unhonoured, Has.Count.EqualTo(2));
        Assert.Throws<PolicyException>(() => policy.Plan(two with { HasFloors = true }));
    }

    [Test]
    public void ArincWritesReservationsDown()
    {
        PoolView pool = Pool(
            1,
            Domain(7, new() { Reservation = new(10 * Ms, 40 * Ms) }, Busy(7, 0)),
            Domain(8, new() { Reservation = new(5 * Ms, 20 * Ms) }, Busy(8, 0)),
            Domain(9, new(), Busy(9, 0)));
        PolicyPlan plan = new ArincPolicy().Plan(pool);
        Assert.That(
            plan.Tables.Single().Value.Select(static s => (s.Vcpu?.Domain ?? 0, s.LengthNs / Ms, s.IsStrict)),
            Is.EqualTo(new[] { (8u, 5ul, true), (7u, 10ul, true), (0u, 5ul, false), (8u, 5ul, true), (0u, 15ul, false) }));
        Assert.That(plan.Unhonoured.Single(static u => u.Domain == 9).What, Does.Contain("what the tables leave"));
        Assert.That(plan.Contexts.Values.Select(static c => c.BudgetNs), Is.All.Zero);
    }

    [Test]
    public void ATableThatLeavesNothingIsToldToWhoGetsNothing()
    {
        PoolView pool = Pool(1, Domain(7, new() { Reservation = new(10 * Ms, 10 * Ms), HasExtraTime = false }, Busy(7, 0)), Domain(8, new(), Busy(8, 0)));
        Assert.That(new ArincPolicy().Plan(pool).Unhonoured.Select(static u => u.What), Has.One.Contains("no time at all"));
    }

    [Test]
    public void TablesLeaveHolesToServicesAndEverybodyHasTheirBudget([Range(1, 200)] int seed)
    {
        var random = new System.Random(seed);
        bool hasHoles = random.Next(2) == 0;
        double left = hasHoles ? 0.7 : 0.95;
        List<CyclicTask> tasks = [];
        for (uint i = 0; i < random.Next(1, 6); i++)
        {
            ulong period = (10ul << random.Next(4)) * Ms;
            double share = random.NextDouble() * left * 0.7;
            left -= share;
            tasks.Add(new CyclicTask(new VcpuKey(i, 1, 0), System.Math.Max(100_000, (ulong)(share * period)), period));
        }

        IReadOnlyList<TableSlot> table = CyclicTable.Lay(tasks, hasHoles)!;
        Assert.That(table, Is.Not.Null.And.Count.LessThanOrEqualTo(CpuTable.MostSlots));
        ulong frame = table.Aggregate(0ul, static (sum, s) => sum + s.LengthNs);
        foreach (CyclicTask task in tasks)
        {
            for (ulong start = 0; start < frame; start += task.PeriodNs)
                Assert.That(Within(table, task.Vcpu, start, start + task.PeriodNs), Is.GreaterThanOrEqualTo(task.BudgetNs), $"{task} from {start}");
        }

        for (ulong start = 0; hasHoles && start < frame; start += Ms)
            Assert.That(Within(table, null, start, start + CyclicTable.HoleEveryNs, frame), Is.GreaterThanOrEqualTo(CyclicTable.HoleNs), $"from {start}");
    }

    private static ulong Within(IReadOnlyList<TableSlot> table, VcpuKey? who, ulong from, ulong to, ulong frame = 0)
    {
        ulong sum = 0;
        for (ulong at = 0, i = 0; i < (ulong)table.Count * (frame > 0 ? 2ul : 1); i++)
        {
            TableSlot slot = table[(int)(i % (ulong)table.Count)];
            ulong end = at + slot.LengthNs;
            if (slot.Vcpu == who && end > from && at < to)
                sum += System.Math.Min(end, to) - System.Math.Max(at, from);
            at = end;
        }

        return sum;
    }

    private static List<VcpuContext> Contexts(IPolicy policy, PoolView pool)
    {
        PolicyPlan plan = policy.Plan(pool);
        Assert.That(PlanCheck.Find(plan, pool), Is.Null);
        return [.. pool.Vcpus.Select(v => plan.Contexts[v.Key])];
    }

    private static PoolView Pool(int cpus, params DomainView[] domains)
    {
        uint[] all = [.. Enumerable.Range(0, cpus).Select(static c => (uint)c)];
        ulong mask = CpuBits.Of(all);
        return new PoolView
        {
            Cpus = all,
            ElapsedNs = 100 * Ms,
            Domains = [.. domains.Select(d => d with { Vcpus = [.. d.Vcpus.Select(v => v with { Allowed = mask })] })],
        };
    }

    private static DomainView Domain(uint domain, DomainSettings settings, params VcpuView[] vcpus) => new() { Domain = domain, Settings = settings, Vcpus = vcpus };

    private static VcpuView Busy(uint domain, uint vcpu) => new() { Key = new(domain, 1, vcpu), Activity = VcpuActivity.Running, RanNs = 90 * Ms, WaitedNs = 10 * Ms, Wakeups = 1 };

    private static VcpuView Idle(uint domain, uint vcpu) => new() { Key = new(domain, 1, vcpu) };
}
