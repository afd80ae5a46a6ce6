using System;
using System.Numerics;
using System.Runtime.InteropServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Hypercalls;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Dispatch;

/// <summary>
/// What policy and operator have said of all vCPUs, which changes in transactions: each is checked as a whole and then done as a whole. The
/// dispatcher goes by the vCPUs' contexts and never waits for this.
/// </summary>
public sealed class SchedulingPlan
{
    /// <summary>The whole of a CPU, in the unit of shares.</summary>
    internal const ulong WholeCpu = 1UL << ShareShift;

    /// <summary>What services may have of a CPU, of which a policy can give nothing away.</summary>
    internal const ulong FloorShare = WholeCpu / CpuSchedule.FloorShare;

    private const int ShareShift = 24;
    private const ulong ShortestPeriod = 100_000;
    private const ulong LongestPeriod = 10_000_000_000;
    private const ulong ShortestTime = 10_000;
    private const ulong CapPeriod = 10_000_000;

    private readonly Kernel _kernel;
    private readonly ScheduleChanges _changes;
    private readonly ulong[] _free;
    private readonly TablePlan _tables;
    private PolicyAbi.Context[] _records = [];
    private Vcpu[] _vcpus = [];
    private int _count;
    private int _resolved;

    /// <summary>A plan for the CPUs of <paramref name="kernel"/>. Only during start-up: it allocates.</summary>
    public SchedulingPlan(Kernel kernel)
    {
        _kernel = kernel;
        _free = new ulong[kernel.Cpus.Length];
        _changes = new ScheduleChanges(kernel);
        _tables = new TablePlan(kernel, this, _changes);
        foreach (PhysicalCpu cpu in kernel.Cpus)
            GuestCpus |= cpu.RunsGuests ? SchedulingContext.MaskOf(cpu.Index) : 0;
    }

    /// <summary>
    /// Held while the plan changes or the vCPUs that there are. Taken after a domain's <see cref="Domain.ControlLock"/>, before all others.
    /// </summary>
    public TicketLock Lock { get; } = new();

    /// <summary>Rises with every change of the plan and of the vCPUs that there are. <see cref="Lock"/> held.</summary>
    public ulong Generation { get; private set; } = 1;

    /// <summary>The CPUs that run guests, a bit each.</summary>
    public ulong GuestCpus { get; }

    /// <summary>Those on which services can run: no table takes all their time.</summary>
    public ulong OpenCpus => GuestCpus & ~_tables.ClosedCpus;

    /// <summary>Makes room for transactions on all vCPUs. Only during start-up: it allocates.</summary>
    public void Reserve(int vcpus)
    {
        _records = new PolicyAbi.Context[vcpus];
        _vcpus = new Vcpu[vcpus];
    }

    /// <summary>The plan or the vCPUs that there are have changed otherwise than by a transaction. <see cref="Lock"/> held.</summary>
    public void Change() => Generation++;

    /// <summary>The operator pins a vCPU to CPUs of which one at least runs guests. EBUSY: tables leave none of them to this service.</summary>
    public long TryPin(Vcpu vcpu, ulong mask)
    {
        using TicketLock.Holder held = Lock.Hold();
        if (vcpu.Scheduling.HasFloor && (mask & OpenCpus) == 0)
            return XenError.EBUSY;

        Change();
        _changes.SetAffinity(vcpu, mask);
        return 0;
    }

    /// <summary>
    /// The operator gives a domain a weight and a cap in percent of a CPU, of which each vCPU has its part; 0 for none. EPERM: a service has
    /// no cap. EINVAL: it is less than what the policy guarantees.
    /// </summary>
    public long TrySetShare(Domain domain, uint weight, uint cap)
    {
        using TicketLock.Holder held = Lock.Hold();
        if (cap != 0 && domain.Config.HasFloor)
            return XenError.EPERM;

        if (weight == 0)
            return XenError.EINVAL;

        foreach (Vcpu vcpu in domain.Vcpus)
        {
            SchedulingRules rules = WithShare(vcpu, weight, cap);
            if (rules.Limit != 0 && rules.Limit < rules.Budget)
                return XenError.EINVAL;
        }

        foreach (Vcpu vcpu in domain.Vcpus)
        {
            SchedulingRules rules = WithShare(vcpu, weight, cap);
            _changes.Change(vcpu, in rules);
        }

        Change();
        return 0;
    }

    /// <summary>
    /// Copies a transaction and checks it against what there is; nothing changes. <see cref="Finish"/> follows. <see cref="Lock"/> held.
    /// </summary>
    /// <returns>0, or why it is refused; the transaction's failed index says which record is to blame.</returns>
    public long Check(in HypercallCall call, ref PolicyAbi.Transaction wanted)
    {
        wanted.FailedIndex = PolicyAbi.NoRecord;
        if (wanted.Flags != 0)
            return XenError.EINVAL;

        if (wanted.ContextCount > (uint)_records.Length || !_tables.HasRoomFor(wanted.SlotCount))
            return XenError.E2BIG;

        if (wanted.BaseGeneration != Generation)
            return XenError.ESTALE;

        _count = (int)wanted.ContextCount;
        Span<PolicyAbi.Context> records = new(_records, 0, _count);
        if (!call.TryReadBytes(wanted.Contexts, MemoryMarshal.AsBytes(records)) || !_tables.TryRead(in call, wanted.Slots, wanted.SlotCount))
            return XenError.EFAULT;

        int failed = -1;
        long result = CheckContexts(ref failed);
        if (result == 0)
            result = _tables.Check(ref failed, _count);

        if (result == 0)
            result = Admit(ref failed);

        if (failed >= 0)
            wanted.FailedIndex = (uint)failed;

        return result;
    }

    /// <summary>Ends a transaction: does what <see cref="Check"/> found good, or forgets it. <see cref="Lock"/> held.</summary>
    public void Finish(bool applies)
    {
        for (int i = 0; i < _resolved && applies; i++)
            _changes.Change(_vcpus[i], in _records[i].Rules);

        for (int i = 0; i < _resolved; i++)
            _vcpus[i].Scheduling.Record = 0;

        _resolved = 0;
        _tables.Finish(applies);
        Generation += applies ? 1u : 0;
    }

    /// <summary>A vCPU, offline, is a new domain's: no guarantee but a service's floor, no limit, all CPUs. <see cref="Lock"/> held.</summary>
    public void Enter(Vcpu vcpu)
    {
        Change();
        DomainConfig config = vcpu.Domain.Config;
        SchedulingContext context = vcpu.Scheduling;
        _tables.Leave(vcpu);
        context.Reset(config.Weight);
        vcpu.Rules = new SchedulingRules { Weight = (uint)config.Weight, Affinity = ulong.MaxValue };
        if (!config.HasFloor)
            return;

        ulong second = _kernel.Machine.TscFrequency;
        context.SetFloor(second / CpuSchedule.FloorsPerSecond / CpuSchedule.FloorShare, second / CpuSchedule.FloorsPerSecond);
        context.Choice = vcpu.Rules.Affinity = OpenCpus;
    }

    /// <summary>The vCPUs of a domain that is gone go from the tables. <see cref="Lock"/> held.</summary>
    public void Leave(Domain domain)
    {
        Change();
        foreach (Vcpu vcpu in domain.Vcpus)
            _tables.Leave(vcpu);
    }

    /// <summary>The vCPU that a record names, if that is of the generation that the caller saw.</summary>
    internal bool TryFind(uint domain, uint vcpu, ulong generation, out Vcpu found)
    {
        Domain? target = domain < DomainIds.FirstReserved ? _kernel.Domains.Find((ushort)domain) : null;
        bool exists = target != null && target.Generation == generation && vcpu < (uint)target.Vcpus.Length;
        found = exists ? target!.VcpuAt((int)vcpu) : null!;
        return exists;
    }

    private static SchedulingRules WithShare(Vcpu vcpu, uint weight, uint cap)
    {
        SchedulingRules rules = vcpu.Rules;
        ulong period = rules.Budget != 0 ? rules.Period : CapPeriod;
        ulong limit = Math.Max(period * cap / 100 / (ulong)vcpu.Domain.Vcpus.Length, ShortestTime);
        rules.Weight = weight;
        rules.Limit = cap != 0 && limit < period ? limit : 0;
        rules.Period = (rules.Budget | rules.Limit) != 0 ? period : 0;
        return rules;
    }

    private long CheckContexts(ref int failed)
    {
        for (; _resolved < _count; _resolved++)
        {
            failed = _resolved;
            ref PolicyAbi.Context record = ref _records[_resolved];
            if (!TryFind(record.Domain, record.Vcpu, record.DomainGeneration, out Vcpu vcpu))
                return XenError.ESRCH;

            if (vcpu.Scheduling.Record != 0)
                return XenError.EINVAL;

            long error = CheckRules(vcpu, ref record.Rules);
            if (error != 0)
                return error;

            _vcpus[_resolved] = vcpu;
            vcpu.Scheduling.Record = _resolved + 1;
        }

        failed = -1;
        return 0;
    }

    private long CheckRules(Vcpu vcpu, ref SchedulingRules rules)
    {
        if (rules.Weight - 1 >= ushort.MaxValue || rules.Band > SchedulingContext.HighestBand)
            return XenError.EINVAL;

        if (vcpu.Scheduling.HasFloor)
        {
            bool isPlain = (rules.Budget | rules.Limit | rules.Band) == 0 && rules.Affinity == ulong.MaxValue;
            rules.Affinity = OpenCpus;
            return isPlain ? 0 : XenError.EPERM;
        }

        if (!AreTimesValid(in rules) || (rules.Affinity & GuestCpus) == 0)
            return XenError.EINVAL;

        rules.Affinity = rules.Affinity == ulong.MaxValue ? ulong.MaxValue : rules.Affinity & GuestCpus;
        if (rules.Budget == 0)
            return 0;

        if (!BitOperations.IsPow2(rules.Affinity & GuestCpus))
            return XenError.EINVAL;

        return (rules.Affinity & vcpu.Scheduling.Pin) == 0 ? XenError.EBUSY : 0;
    }

    private static bool AreTimesValid(in SchedulingRules rules)
    {
        bool hasPeriod = rules.Period is >= ShortestPeriod and <= LongestPeriod;
        if ((rules.Budget | rules.Limit) == 0)
            return hasPeriod || rules.Period == 0;

        return hasPeriod && IsTime(rules.Budget, rules.Period) && IsTime(rules.Limit, rules.Period)
            && (rules.Limit == 0 || rules.Budget <= rules.Limit);
    }

    private static bool IsTime(ulong time, ulong period) => time == 0 || (time >= ShortestTime && time <= period);

    // The guarantees of a CPU together never exceed it, less what is the services' and what its table gives away.
    private long Admit(ref int failed)
    {
        ulong services = ServicePins();
        for (int cpu = 0; cpu < _free.Length; cpu++)
            _free[cpu] = _tables.Remainder(cpu, hasServices: (services & SchedulingContext.MaskOf(cpu)) != 0);

        foreach (Domain domain in _kernel.Domains.Slots)
        {
            foreach (Vcpu vcpu in domain.Vcpus)
            {
                if (vcpu.Scheduling.Record == 0 && !TryTake(in vcpu.Rules))
                    return XenError.EBUSY;
            }
        }

        for (int i = 0; i < _count; i++)
        {
            failed = i;
            if (!TryTake(in _records[i].Rules))
                return XenError.EBUSY;
        }

        failed = -1;
        return 0;
    }

    // The CPUs that the operator leaves to services.
    private ulong ServicePins()
    {
        ulong pins = 0;
        foreach (Domain domain in _kernel.Domains.Slots)
        {
            foreach (Vcpu vcpu in domain.Vcpus)
                pins |= vcpu.Scheduling.HasFloor ? vcpu.Scheduling.Pin : 0;
        }

        return pins;
    }

    private bool TryTake(in SchedulingRules rules)
    {
        if (rules.Budget == 0)
            return true;

        ref ulong free = ref _free[BitOperations.TrailingZeroCount(rules.Affinity & GuestCpus)];
        ulong share = (rules.Budget << ShareShift) / rules.Period;
        if (share > free)
            return false;

        free -= share;
        return true;
    }
}
