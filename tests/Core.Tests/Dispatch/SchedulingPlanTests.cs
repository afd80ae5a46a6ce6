using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Dispatch;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Hypercalls;
using Microkernel.Core.Tests.Fakes;
using Microkernel.Core.Vcpus;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Dispatch;

/// <summary>Domain 1 is the policy's, of 2 and 3 it says how they run; each has two vCPUs. CPUs 1 and 2 of three run guests.</summary>
[TestFixture]
public sealed class SchedulingPlanTests
{
    private const ulong ServiceOp = 48;
    private const ulong Argument = 0x1000;
    private const ulong Contexts = 0x2000;
    private const ulong Slots = 0x4000;
    private const ulong Buffer = 0x8000;
    private const ulong Millisecond = 1_000_000;
    private const int Policy = 0;
    private const ulong Everywhere = ulong.MaxValue;

    private TestHost _host = null!;

    private SchedulingPlan Plan => _host.Kernel.Plan;

    [SetUp]
    public void SetUp()
    {
        _host = new TestHost(domains: 3, vcpus: 2, cpus: 3, reservedCpus: 1, configure: static config =>
            config.Privileges = config.Name[^1] == '0' ? Privilege.Info | Privilege.Control : Privilege.None);
        foreach (Domain domain in _host.Kernel.Domains.Slots)
        {
            foreach (Vcpu vcpu in domain.Vcpus)
                vcpu.ResetForNewDomain();
        }

        _host.Machine.RunAs(1);
    }

    [Test]
    public void TheLayoutsAreThoseOfTheAbi()
    {
        Assert.That(Marshal.SizeOf<PolicyAbi.Read>(), Is.EqualTo(40));
        Assert.That(Marshal.SizeOf<PolicyAbi.State>(), Is.EqualTo(PolicyAbi.StateSize));
        Assert.That(Marshal.SizeOf<PolicyAbi.Transaction>(), Is.EqualTo(48));
        Assert.That(Marshal.SizeOf<PolicyAbi.Context>(), Is.EqualTo(56));
        Assert.That(Marshal.SizeOf<PolicyAbi.Slot>(), Is.EqualTo(32));
    }

    [Test]
    public void WhatIsAppliedIsInForceAndReadBackExactly()
    {
        PolicyAbi.Context[] wanted =
        [
            Context(1, 0, budget: 3 * Millisecond, period: 7 * Millisecond, limit: 4 * Millisecond, weight: 77, band: 2, affinity: 2),
            Context(2, 1, limit: 123_457, period: 1_000_003, weight: 65535, affinity: 6),
        ];
        ulong before = Plan.Generation;
        Assert.That(Apply(wanted), Is.EqualTo((0L, PolicyAbi.NoRecord)));
        Assert.That(Plan.Generation, Is.EqualTo(before + 1));
        Assert.That(Output().Generation, Is.EqualTo(before + 1));
        Dictionary<(uint, uint), PolicyAbi.State> states = Read(100).ToDictionary(state => (state.Domain, state.Vcpu));
        Assert.That(states.Keys, Is.EqualTo(new[] { (1u, 0u), (1u, 1u), (2u, 0u), (2u, 1u), (3u, 0u), (3u, 1u) }));
        Assert.That(states[(2, 0)].Rules, Is.EqualTo(wanted[0].Rules));
        Assert.That(states[(3, 1)].Rules, Is.EqualTo(wanted[1].Rules));
        Assert.That(states[(3, 0)].Rules, Is.EqualTo(new SchedulingRules { Weight = 256, Affinity = Everywhere }));
        Assert.That((states[(2, 0)].Effective, states[(3, 0)].Effective), Is.EqualTo((2, 6)));
        Assert.That(states.Values.Select(state => state.Flags), Is.EqualTo(new[] { 1u, 1u, 0u, 0u, 0u, 0u }));
        SchedulingContext context = _host.Vcpu(1, 0).Scheduling;
        Assert.That((context.Weight, context.Band, context.Choice), Is.EqualTo((77, 2, 2)));
        Assert.That(context.Budget, Is.EqualTo(3 * Millisecond).Within(1));
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(5)]
    [TestCase(99)]
    public void ReadingInPiecesGivesEverybodyOnce(int capacity)
    {
        _host.Kernel.Cpus[1].SliceEnd = capacity > 10 ? 0 : ulong.MaxValue;
        Assert.That(Read(capacity).Select(state => (state.Domain, state.Vcpu)), Is.EqualTo(new[] { (1u, 0u), (1u, 1u), (2u, 0u), (2u, 1u), (3u, 0u), (3u, 1u) }), "also when the slice is over");
        Assert.That(Output<PolicyAbi.Read>().CpuCount, Is.EqualTo(3));
    }

    private static IEnumerable<TestCaseData> BadContexts()
    {
        static TestCaseData Case(string name, long error, PolicyAbi.Context bad) => new TestCaseData(error, bad).SetArgDisplayNames(name);
        yield return Case("weight 0", XenError.EINVAL, Context(1, 0, weight: 0));
        yield return Case("weight 65536", XenError.EINVAL, Context(1, 0, weight: 65536));
        yield return Case("band 4", XenError.EINVAL, Context(1, 0, band: 4));
        yield return Case("band huge", XenError.EINVAL, Context(1, 0, band: uint.MaxValue));
        yield return Case("period too short", XenError.EINVAL, Context(1, 0, limit: 50_000, period: 99_999));
        yield return Case("period too long", XenError.EINVAL, Context(1, 0, limit: 50_000, period: 10_000_000_001));
        yield return Case("period alone too short", XenError.EINVAL, Context(1, 0, period: 5));
        yield return Case("budget without period", XenError.EINVAL, Context(1, 0, budget: Millisecond, affinity: 2));
        yield return Case("budget over period", XenError.EINVAL, Context(1, 0, budget: 11 * Millisecond, period: 10 * Millisecond, affinity: 2));
        yield return Case("budget negative", XenError.EINVAL, Context(1, 0, budget: unchecked((ulong)-1), period: 10 * Millisecond, affinity: 2));
        yield return Case("budget too short", XenError.EINVAL, Context(1, 0, budget: 9_999, period: 10 * Millisecond, affinity: 2));
        yield return Case("budget over limit", XenError.EINVAL, Context(1, 0, budget: 2 * Millisecond, limit: Millisecond, period: 10 * Millisecond, affinity: 2));
        yield return Case("budget on two CPUs", XenError.EINVAL, Context(1, 0, budget: Millisecond, period: 10 * Millisecond, affinity: 6));
        yield return Case("budget on all CPUs", XenError.EINVAL, Context(1, 0, budget: Millisecond, period: 10 * Millisecond));
        yield return Case("limit over period", XenError.EINVAL, Context(1, 0, limit: 11 * Millisecond, period: 10 * Millisecond));
        yield return Case("limit too short", XenError.EINVAL, Context(1, 0, limit: 9_999, period: 10 * Millisecond));
        yield return Case("no CPU", XenError.EINVAL, Context(1, 0, affinity: 0));
        yield return Case("a CPU that runs no guests", XenError.EINVAL, Context(1, 0, affinity: 1));
        yield return Case("a CPU that is not there", XenError.EINVAL, Context(1, 0, affinity: 1UL << 40));
        yield return Case("no such vCPU", XenError.ESRCH, Context(1, 2));
        yield return Case("no such domain", XenError.ESRCH, Context(1, 0) with { Domain = 9 });
        yield return Case("a reserved domain", XenError.ESRCH, Context(1, 0) with { Domain = DomainIds.Self });
        yield return Case("domain past 16 bits", XenError.ESRCH, Context(1, 0) with { Domain = 0x10002 });
        yield return Case("another generation", XenError.ESRCH, Context(1, 0) with { DomainGeneration = 99 });
        yield return Case("the same vCPU twice", XenError.EINVAL, Context(2, 0, weight: 300));
        yield return Case("a service's budget", XenError.EPERM, Context(0, 0, budget: Millisecond, period: 10 * Millisecond, affinity: 2));
        yield return Case("a service's limit", XenError.EPERM, Context(0, 0, limit: Millisecond, period: 10 * Millisecond));
        yield return Case("a service's band", XenError.EPERM, Context(0, 0, band: 1));
        yield return Case("a service's CPUs", XenError.EPERM, Context(0, 0, affinity: 2));
        yield return Case("81 % of a CPU", XenError.EBUSY, Context(1, 0, budget: 8_100_000, period: 10 * Millisecond, affinity: 2));
    }

    [TestCaseSource(nameof(BadContexts))]
    public void OneBadRecordRefusesAll(long error, object bad)
    {
        Assert.That(Apply([Context(2, 1, limit: Millisecond, period: 2 * Millisecond)]).Result, Is.Zero);
        string before = Everything();
        ulong generation = Plan.Generation;
        PolicyAbi.Context[] wanted = [Context(2, 1, weight: 1000), Context(2, 0, weight: 1000), (PolicyAbi.Context)bad, Context(1, 1)];
        Assert.That(Apply(wanted), Is.EqualTo((error, 2u)));
        Assert.That(Everything(), Is.EqualTo(before));
        Assert.That((Plan.Generation, Output().Generation), Is.EqualTo((generation, generation)));
        Assert.That(Apply([.. wanted.Where((_, i) => i != 2)]).Result, Is.Zero, "the others are good, and no mark is left of the refused ones");
    }

    [Test]
    public void ATransactionMadeOnAnOldPictureIsStale()
    {
        ulong old = Plan.Generation;
        Assert.That(Apply([Context(1, 0, weight: 2)]).Result, Is.Zero);
        Assert.That(Apply([Context(1, 0, weight: 3)], generation: old).Result, Is.EqualTo(XenError.ESTALE));
        Assert.That(Apply([Context(1, 0, weight: 3)], generation: old + 2).Result, Is.EqualTo(XenError.ESTALE));
        Assert.That(_host.Vcpu(1, 0).Scheduling.Weight, Is.EqualTo(2));
    }

    [Test]
    public void DomainsThatComeAndGoAndWhatTheOperatorSaysRaiseTheGeneration()
    {
        ulong before = Plan.Generation;
        Assert.That(Plan.TryPin(_host.Vcpu(1, 0), 2), Is.Zero);
        Assert.That(Plan.Generation, Is.EqualTo(++before));
        Assert.That(Plan.TrySetShare(_host.Domain(1), 512, 0), Is.Zero);
        Assert.That(Plan.Generation, Is.EqualTo(++before));
        _host.Domain(1).ReturnVcpus();
        Assert.That(Plan.Generation, Is.EqualTo(++before));
    }

    [Test]
    public void WhatWasCheckedIsDoneWhateverStandsInTheCallersMemoryAfterwards()
    {
        PolicyAbi.Context[] wanted = [Context(1, 0, weight: 700), Budget(2, 0, 30, 2)];
        MemoryMarshal.AsBytes(wanted.AsSpan()).CopyTo(_host.Page(Policy, Contexts >> 12));
        PolicyAbi.Transaction transaction = new() { BaseGeneration = Plan.Generation, ContextCount = 2, Contexts = Contexts };
        using (Plan.Lock.Hold())
        {
            HypercallCall call = new(_host.Vcpu(Policy), is32: false);
            Assert.That(Plan.Check(in call, ref transaction), Is.Zero);
            PolicyAbi.Context[] changed = [Context(0, 0, weight: 1), Budget(2, 0, 100, 2)];
            MemoryMarshal.AsBytes(changed.AsSpan()).CopyTo(_host.Page(Policy, Contexts >> 12));
            Plan.Finish(applies: true);
        }

        Assert.That((_host.Vcpu(1, 0).Rules, _host.Vcpu(2, 0).Rules), Is.EqualTo((wanted[0].Rules, wanted[1].Rules)));
        Assert.That(_host.Vcpu(Policy, 0).Rules.Weight, Is.EqualTo(256));
    }

    [Test]
    public void TooManyRecordsUnknownFlagsAndMemoryThatIsNotThereAreRefused()
    {
        Assert.That(Call(new() { ContextCount = 7, Contexts = Contexts }), Is.EqualTo(XenError.E2BIG));
        Assert.That(Call(new() { SlotCount = (3 * CyclicTable.MostSlots) + 1, Slots = Slots }), Is.EqualTo(XenError.E2BIG));
        Assert.That(Call(new() { ContextCount = uint.MaxValue, SlotCount = uint.MaxValue }), Is.EqualTo(XenError.E2BIG));
        Assert.That(Call(new() { Flags = 1 }), Is.EqualTo(XenError.EINVAL));
        Assert.That(Call(new() { ContextCount = 1, Contexts = 1UL << 40 }), Is.EqualTo(XenError.EFAULT));
        Assert.That(Call(new() { SlotCount = 1, Slots = 1UL << 40 }), Is.EqualTo(XenError.EFAULT));
        Assert.That(_host.Call(Policy, ServiceOp, PolicyAbi.ApplyScheduling, 1UL << 40), Is.EqualTo(XenError.EFAULT));
        Assert.That(_host.Call(Policy, ServiceOp, PolicyAbi.ReadScheduling, 1UL << 40), Is.EqualTo(XenError.EFAULT));
        Assert.That(Call(default), Is.Zero, "nothing is a good transaction too");
    }

    [Test]
    public void WhoHasNoPrivilegeIsRefused()
    {
        Assert.That(_host.Call(1, ServiceOp, PolicyAbi.ApplyScheduling, Argument), Is.EqualTo(XenError.EPERM));
        Assert.That(_host.Call(1, ServiceOp, PolicyAbi.ReadScheduling, Argument), Is.EqualTo(XenError.EPERM));
    }

    [Test]
    public void BudgetsOfACpuNeverExceedWhatServicesLeave()
    {
        Assert.That(Apply([Budget(1, 0, 40, 2), Budget(1, 1, 40, 2)]).Result, Is.Zero);
        Assert.That(Apply([Budget(2, 0, 1, 2)]), Is.EqualTo((XenError.EBUSY, 0u)), "what others have counts");
        Assert.That(Apply([Budget(2, 0, 80, 4)]).Result, Is.Zero, "the other CPU is free");
        Assert.That(Apply([Budget(1, 0, 10, 2), Budget(2, 1, 30, 2)]).Result, Is.Zero, "what the transaction takes away is free");
        Assert.That(Apply([Budget(2, 1, 31, 2), Budget(1, 1, 40, 2)]), Is.EqualTo((XenError.EBUSY, 1u)));
        Assert.That(Apply([Budget(2, 1, 31, 2), Budget(1, 1, 39, 2)]).Result, Is.Zero);
    }

    [Test]
    public void ABudgetIsRefusedWhereTheOperatorsPinKeepsItsVcpuAway()
    {
        Assert.That(Plan.TryPin(_host.Vcpu(1, 0), 4), Is.Zero);
        Assert.That(Apply([Budget(1, 0, 10, 2)]), Is.EqualTo((XenError.EBUSY, 0u)));
        Assert.That(Apply([Budget(1, 0, 10, 4)]).Result, Is.Zero);
        Assert.That(Plan.TryPin(_host.Vcpu(1, 0), 2), Is.Zero);
        Assert.That(_host.Vcpu(1, 0).Scheduling.Affinity, Is.EqualTo(2), "the pin is obeyed, whatever the policy wants");
    }

    [Test]
    public void WhereNoServiceMayRunAllOfACpuCanBeGuaranteed()
    {
        Assert.That(Plan.TryPin(_host.Vcpu(Policy, 0), 4), Is.Zero);
        Assert.That(Apply([Budget(1, 0, 81, 2)]), Is.EqualTo((XenError.EBUSY, 0u)), "the other vCPU of the service may still come");
        Assert.That(Plan.TryPin(_host.Vcpu(Policy, 1), 4), Is.Zero);
        Assert.That(Apply([Budget(1, 0, 60, 2), Budget(1, 1, 41, 2)]), Is.EqualTo((XenError.EBUSY, 1u)));
        Assert.That(Apply([Budget(1, 0, 81, 4)]), Is.EqualTo((XenError.EBUSY, 0u)));
        Assert.That(Apply([Budget(1, 0, 60, 2), Budget(1, 1, 40, 2)]), Is.EqualTo((0L, PolicyAbi.NoRecord)));
        Assert.That(Apply([], [Nobody(1, 5), Nobody(1, 5)]), Is.EqualTo((0L, PolicyAbi.NoRecord)));
        Assert.That(Apply([], [Slot(1, 2, 0, 5), Nobody(1, 5)]), Is.EqualTo((XenError.EBUSY, PolicyAbi.NoRecord)));
    }

    [Test]
    public void AServiceKeepsItsFloorAndTakesAWeight()
    {
        SchedulingContext context = _host.Vcpu(Policy, 0).Scheduling;
        Assert.That((context.HasFloor, context.Budget, context.Period), Is.EqualTo((true, 2 * Millisecond, 10 * Millisecond)));
        Assert.That(Apply([Context(Policy, 0, weight: 9)]).Result, Is.Zero);
        Assert.That((context.HasFloor, context.Budget, context.Weight), Is.EqualTo((true, 2 * Millisecond, 9)));
        Assert.That(Plan.TrySetShare(_host.Domain(Policy), 10, 50), Is.EqualTo(XenError.EPERM));
        Assert.That(Plan.TrySetShare(_host.Domain(Policy), 10, 0), Is.Zero);
        Assert.That((context.HasFloor, context.Budget, context.Weight), Is.EqualTo((true, 2 * Millisecond, 10)));
    }

    [Test]
    public void TheOperatorsCapIsALimitOfAllVcpusTogether()
    {
        Assert.That(Plan.TrySetShare(_host.Domain(1), 100, 50), Is.Zero);
        Assert.That(_host.Vcpu(1, 1).Rules, Is.EqualTo(new SchedulingRules
        {
            Weight = 100,
            Limit = 5 * Millisecond / 2,
            Period = 10 * Millisecond,
            Affinity = Everywhere,
        }));
        Assert.That(Plan.TrySetShare(_host.Domain(1), 100, 200), Is.Zero);
        Assert.That(_host.Vcpu(1, 1).Rules.Limit, Is.Zero, "all of two CPUs is no limit");
        Assert.That(Plan.TrySetShare(_host.Domain(1), 0, 0), Is.EqualTo(XenError.EINVAL));
        Assert.That(Apply([Budget(1, 0, 50, 2)]).Result, Is.Zero);
        Assert.That(Plan.TrySetShare(_host.Domain(1), 100, 50), Is.EqualTo(XenError.EINVAL), "less than what is guaranteed");
    }

    [Test]
    public void ANewDomainsVcpusHaveNothingOfTheirPredecessors()
    {
        Assert.That(Apply([Budget(1, 0, 20, 2)], [Slot(1, 1, 0, 5), Nobody(1, 5)]).Result, Is.Zero);
        Assert.That(Plan.TryPin(_host.Vcpu(1, 0), 2), Is.Zero);
        _host.Domain(1).ReturnVcpus();
        using (Plan.Lock.Hold())
            _host.Vcpu(1, 0).ResetForNewDomain();

        Assert.That(_host.Vcpu(1, 0).Rules, Is.EqualTo(new SchedulingRules { Weight = 256, Affinity = Everywhere }));
        Assert.That(_host.Vcpu(1, 0).Scheduling.Affinity, Is.EqualTo(Everywhere));
        Assert.That(_host.Vcpu(1, 0).Scheduling.Table, Is.Null);
        Assert.That(_host.Kernel.Cpus[1].Schedule.Table.ContextOf(0), Is.Null, "the slot is nobody's");
    }

    [Test]
    public void ATableNamesItsVcpusWhichAreThenThereOnly()
    {
        Assert.That(Apply([], [Slot(1, 1, 0, 3), Slot(1, 2, 0, 3, PolicyAbi.StrictSlot), Nobody(1, 4)]).Result, Is.Zero);
        CyclicTable table = _host.Kernel.Cpus[1].Schedule.Table;
        Assert.That(table.Count, Is.EqualTo(3));
        Assert.That(_host.Vcpu(1, 0).Scheduling.Table, Is.SameAs(table));
        Assert.That((_host.Vcpu(1, 0).Scheduling.Affinity, _host.Vcpu(2, 0).Scheduling.Affinity), Is.EqualTo((2, 2)));
        Assert.That(Read(100).Select(state => state.Flags), Is.EqualTo(new[] { 1u, 1u, 2u, 0u, 2u, 0u }));
        Assert.That(Apply([], [Slot(1, 1, 1, 6), Nobody(1, 4)]).Result, Is.Zero);
        Assert.That((_host.Vcpu(1, 0).Scheduling.Table, _host.Vcpu(1, 1).Scheduling.Table), Is.EqualTo(((CyclicTable?)null, table)));
        Assert.That(Apply([], [new() { Cpu = 1 }]).Result, Is.Zero);
        Assert.That(table.Count, Is.Zero);
        Assert.That(_host.Vcpu(1, 1).Scheduling.Affinity, Is.EqualTo(Everywhere));
    }

    private static IEnumerable<TestCaseData> BadSlots()
    {
        static TestCaseData Case(string name, long error, uint failed, params PolicyAbi.Slot[] slots) =>
            new TestCaseData(error, failed, slots).SetArgDisplayNames(name);
        yield return Case("no such CPU", XenError.EINVAL, 1, Nobody(3, 5));
        yield return Case("a CPU that runs no guests", XenError.EINVAL, 1, Nobody(0, 5));
        yield return Case("a CPU twice", XenError.EINVAL, 3, Nobody(1, 5), Nobody(2, 5), Nobody(1, 5));
        yield return Case("too short", XenError.EINVAL, 1, Nobody(1, 0) with { Length = 99_999 });
        yield return Case("of no length among others", XenError.EINVAL, 2, Nobody(1, 5), Nobody(1, 0));
        yield return Case("too long", XenError.EINVAL, 1, Nobody(1, 10_001));
        yield return Case("unknown flag", XenError.EINVAL, 1, Nobody(1, 5) with { Flags = 4 });
        yield return Case("no such vCPU", XenError.ESRCH, 1, Slot(1, 1, 7, 5));
        yield return Case("no such domain", XenError.ESRCH, 1, Slot(1, 1, 0, 5) with { Domain = 77 });
        yield return Case("a service", XenError.EPERM, 2, Nobody(1, 5), Slot(1, Policy, 0, 5));
        yield return Case("a vCPU on two CPUs", XenError.EINVAL, 3, Slot(1, 1, 0, 5), Nobody(1, 5), Slot(2, 1, 0, 5), Nobody(2, 5));
        yield return Case("a vCPU that its pin keeps away", XenError.EBUSY, 1, Slot(2, 2, 0, 5), Nobody(2, 5));
        yield return Case("no CPU left to services", XenError.EBUSY, 2, Slot(1, 1, 0, 5), Slot(2, 1, 1, 5));
    }

    [TestCaseSource(nameof(BadSlots))]
    public void OneBadSlotRefusesAll(long error, uint failed, object slots)
    {
        Assert.That(Plan.TryPin(_host.Vcpu(2, 0), 2), Is.Zero);
        string before = Everything();
        Assert.That(Apply([Context(2, 1, weight: 1000)], (PolicyAbi.Slot[])slots), Is.EqualTo((error, failed)));
        Assert.That(Everything(), Is.EqualTo(before));
        Assert.That(_host.Kernel.Cpus.Select(cpu => cpu.Schedule.Table.Count), Has.All.Zero);
        Assert.That(Apply([Context(2, 1, weight: 1000)], [Slot(1, 1, 0, 5), Nobody(1, 5)]).Result, Is.Zero);
    }

    [Test]
    public void MoreSlotsOfACpuThanATableHasAreRefused()
    {
        PolicyAbi.Slot[] slots = [.. Enumerable.Repeat(Nobody(1, 1), CyclicTable.MostSlots)];
        Assert.That(Apply([], slots).Result, Is.Zero);
        Assert.That(Apply([], [.. slots, slots[0]]), Is.EqualTo((XenError.EINVAL, 0u)));
    }

    [Test]
    public void ATablesVcpuCannotBeNamedByAnotherCpusWhileItStays()
    {
        Assert.That(Apply([], [Slot(1, 1, 0, 5), Nobody(1, 5)]).Result, Is.Zero);
        Assert.That(Apply([], [Slot(2, 1, 0, 5), Nobody(2, 5)]), Is.EqualTo((XenError.EINVAL, 0u)));
        Assert.That(Apply([], [Slot(2, 1, 0, 5), Nobody(2, 5), new() { Cpu = 1 }]).Result, Is.Zero);
        Assert.That(_host.Vcpu(1, 0).Scheduling.Affinity, Is.EqualTo(4));
    }

    [Test]
    public void ServicesLeaveACpuWhoseTableHasNoHolesAndAtLeastOneStaysTheirs()
    {
        SchedulingContext service = _host.Vcpu(Policy, 0).Scheduling;
        Assert.That(Apply([], [Slot(1, 1, 0, 9), Nobody(1, 1)]).Result, Is.Zero);
        Assert.That((Plan.OpenCpus, service.Affinity), Is.EqualTo((4, 4)), "1 ms in 10 is less than a floor");
        Assert.That(Plan.TryPin(_host.Vcpu(Policy, 0), 2), Is.EqualTo(XenError.EBUSY));
        Assert.That(Apply([], [Slot(2, 2, 0, 9), Nobody(2, 1)]), Is.EqualTo((XenError.EBUSY, 1u)));
        using (Plan.Lock.Hold())
            _host.Vcpu(Policy, 1).ResetForNewDomain();

        Assert.That(_host.Vcpu(Policy, 1).Scheduling.Affinity, Is.EqualTo(4), "a new incarnation's too");
        Assert.That(Apply([], [Slot(2, 2, 0, 8), Nobody(2, 2)]).Result, Is.Zero);
        Assert.That(Apply([], [Slot(1, 1, 0, 8), Nobody(1, 2)]).Result, Is.Zero);
        Assert.That((Plan.OpenCpus, service.Affinity), Is.EqualTo((6, 6)));
    }

    [TestCase(new[] { 8, -2 }, true)]
    [TestCase(new[] { 9, -2 }, false)]
    [TestCase(new[] { 4, -1, 4, -1 }, true)]
    [TestCase(new[] { 8, -2, 1, -4 }, true)]
    [TestCase(new[] { 8, -1, 1, -4 }, false)]
    [TestCase(new[] { -2, 8, -1, 8 }, false)]
    [TestCase(new[] { 3, -1 }, true)]
    [TestCase(new[] { 5, -1 }, false)]
    public void HolesForServicesMustBeInEveryWindow(int[] slots, bool isEnough)
    {
        PolicyAbi.Slot[] table = [.. slots.Select(length => length < 0 ? Nobody(1, (ulong)-length) : Slot(1, 1, 0, (ulong)length))];
        Assert.That(Apply([], table).Result, Is.Zero);
        Assert.That((Plan.OpenCpus & 2) != 0, Is.EqualTo(isEnough));
        ulong from = 0;
        List<(ulong From, ulong To)> holes = [];
        for (int i = 0; i < 20 * slots.Length; i++)
        {
            ulong length = (ulong)Math.Abs(slots[i % slots.Length]) * 10;
            if (slots[i % slots.Length] < 0)
                holes.Add((from, from + length));

            from += length;
        }

        ulong Open(ulong start) => holes.Aggregate(0UL, (sum, hole) =>
            sum + Math.Max(Math.Min(hole.To, start + 100), Math.Max(hole.From, start)) - Math.Max(hole.From, start));
        ulong least = Enumerable.Range(0, (int)from - 100).Min(start => Open((ulong)start));
        Assert.That(least >= 20, Is.EqualTo(isEnough), "as counting every window says");
    }

    [Test]
    public void GuaranteesBesideATableHaveWhatIsNobodysAndNotTheServices()
    {
        Assert.That(Apply([], [Slot(1, 1, 0, 5), Nobody(1, 5)]).Result, Is.Zero);
        Assert.That(Apply([Budget(2, 0, 31, 2)]), Is.EqualTo((XenError.EBUSY, 0u)));
        Assert.That(Apply([Budget(2, 0, 29, 2)]).Result, Is.Zero);
        Assert.That(Apply([], [Slot(1, 1, 0, 8), Nobody(1, 2)]), Is.EqualTo((XenError.EBUSY, PolicyAbi.NoRecord)), "what is guaranteed already");
    }

    private static PolicyAbi.Context Context(
        int domain, uint vcpu, ulong budget = 0, ulong period = 0, ulong limit = 0, uint weight = 256, uint band = 0, ulong affinity = Everywhere) => new()
        {
            Domain = (uint)domain + 1,
            Vcpu = vcpu,
            DomainGeneration = (uint)domain + 1,
            Rules = new() { Budget = budget, Period = period, Limit = limit, Weight = weight, Band = band, Affinity = affinity },
        };

    private static PolicyAbi.Context Budget(int domain, uint vcpu, ulong percent, ulong affinity) =>
        Context(domain, vcpu, budget: percent * Millisecond / 10, period: 10 * Millisecond, affinity: affinity);

    private static PolicyAbi.Slot Slot(uint cpu, int domain, uint vcpu, ulong milliseconds, uint flags = 0) => new()
    {
        Cpu = cpu,
        Flags = flags,
        Domain = (uint)domain + 1,
        Vcpu = vcpu,
        DomainGeneration = (uint)domain + 1,
        Length = milliseconds * Millisecond,
    };

    private static PolicyAbi.Slot Nobody(uint cpu, ulong milliseconds) =>
        new() { Cpu = cpu, Flags = PolicyAbi.NobodysSlot, Length = milliseconds * Millisecond };

    private (long Result, uint Failed) Apply(PolicyAbi.Context[] contexts, PolicyAbi.Slot[]? slots = null, ulong? generation = null)
    {
        slots ??= [];
        MemoryMarshal.AsBytes(contexts.AsSpan()).CopyTo(_host.Page(Policy, Contexts >> 12));
        MemoryMarshal.AsBytes(slots.AsSpan()).CopyTo(_host.Page(Policy, Slots >> 12));
        long result = Call(new()
        {
            BaseGeneration = generation ?? Plan.Generation,
            ContextCount = (uint)contexts.Length,
            SlotCount = (uint)slots.Length,
            Contexts = Contexts,
            Slots = Slots,
        });
        return (result, Output().FailedIndex);
    }

    private long Call(PolicyAbi.Transaction transaction)
    {
        transaction.BaseGeneration = transaction.BaseGeneration == 0 ? Plan.Generation : transaction.BaseGeneration;
        MemoryMarshal.Write(_host.Page(Policy, Argument >> 12), in transaction);
        long result = _host.Call(Policy, ServiceOp, PolicyAbi.ApplyScheduling, Argument);
        Assert.That(Plan.Lock.IsHeld, Is.False);
        return result;
    }

    private PolicyAbi.Transaction Output() => Output<PolicyAbi.Transaction>();

    private T Output<T>()
        where T : unmanaged => MemoryMarshal.Read<T>(_host.Page(Policy, Argument >> 12));

    private List<PolicyAbi.State> Read(int capacity)
    {
        List<PolicyAbi.State> states = [];
        PolicyAbi.Read call = new() { Capacity = (uint)capacity, Buffer = Buffer };
        do
        {
            MemoryMarshal.Write(_host.Page(Policy, Argument >> 12), in call);
            Assert.That(_host.Call(Policy, ServiceOp, PolicyAbi.ReadScheduling, Argument), Is.Zero);
            call = Output<PolicyAbi.Read>();
            Assert.That(call.Generation, Is.EqualTo(Plan.Generation));
            states.AddRange(MemoryMarshal.Cast<byte, PolicyAbi.State>(
                _host.Page(Policy, Buffer >> 12).Slice(0, (int)call.Count * PolicyAbi.StateSize)).ToArray());
        }
        while (call.First != 0);
        return states;
    }

    private string Everything() => string.Join('\n', _host.Kernel.Domains.Slots.SelectMany(domain => domain.Vcpus.ToArray()).Select(vcpu =>
    {
        SchedulingContext c = vcpu.Scheduling;
        return $"{c.Weight} {c.Budget} {c.Period} {c.Limit} {c.Band} {c.Choice} {c.Pin} {c.Table?.Cpu} {vcpu.Rules.Budget} {vcpu.Rules.Limit} {vcpu.Rules.Weight}";
    }));
}
