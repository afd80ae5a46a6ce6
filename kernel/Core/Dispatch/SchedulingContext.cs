using System;
using System.Runtime.CompilerServices;
using Microkernel.Core.Domains;

namespace Microkernel.Core.Dispatch;

/// <summary>
/// What the dispatcher goes by for one vCPU: a guarantee (budget in each period), a limit, a weight, the CPUs. Times are ticks of the time
/// stamp counter. Guarded by the lock of the CPU that the vCPU is assigned to.
/// </summary>
public sealed class SchedulingContext : HeapNode
{
    /// <summary>Weight of who says nothing else.</summary>
    public const int DefaultWeight = DomainConfig.DefaultWeight;

    /// <summary>The most urgent band of guarantees; the least urgent one is 0.</summary>
    public const int HighestBand = 3;

    // Who comes first, of those that wait: a table's slot is before all.
    internal const int SlotRank = 0;
    internal const int FloorRank = 1;
    internal const int SlackRank = FloorRank + HighestBand + 2;

    // A product of two times must fit 64 bits: ten seconds are less than 2^36 ticks.
    private const int ProductShift = 8;

    private long _left;
    private long _allowance;
    private ulong _pin = ulong.MaxValue;
    private ulong _choice = ulong.MaxValue;
    private CyclicTable? _table;

    /// <summary>A context for <paramref name="owner"/>, with no guarantee. Only during start-up: it allocates.</summary>
    public SchedulingContext(object? owner = null)
    {
        Owner = owner;
        Change = new ContextNode(this);
    }

    /// <summary>Whose it is.</summary>
    public object? Owner { get; }

    /// <summary>Share of slack relative to others.</summary>
    public int Weight { get; set; } = DefaultWeight;

    /// <summary>Slack it had, scaled by <see cref="DefaultWeight"/> over <see cref="Weight"/>: the smallest runs next.</summary>
    public ulong VirtualTime { get; set; }

    /// <summary>Guaranteed time in each period; 0 for none.</summary>
    public ulong Budget { get; private set; }

    /// <summary>The period of budget and limit.</summary>
    public ulong Period { get; private set; }

    /// <summary>The most it may have in each period; 0 for no limit.</summary>
    public ulong Limit { get; private set; }

    /// <summary>Which guarantees come first: 0 to <see cref="HighestBand"/>.</summary>
    public int Band { get; private set; }

    /// <summary>Its guarantee is a service's floor: before all bands, as far as its CPU's floor goes, and on every CPU.</summary>
    public bool HasFloor { get; private set; }

    /// <summary>The end of the present period of its budget.</summary>
    public ulong Deadline { get; private set; }

    /// <summary>The end of the present period of its limit.</summary>
    public ulong LimitEnd { get; private set; }

    /// <summary>The operator's choice of CPUs, a bit each: always obeyed.</summary>
    public ulong Pin
    {
        get => _pin;
        set
        {
            _pin = value;
            Update();
        }
    }

    /// <summary>The policy's choice of CPUs: obeyed as far as the operator's leaves any of them.</summary>
    public ulong Choice
    {
        get => _choice;
        set
        {
            _choice = value;
            Update();
        }
    }

    /// <summary>The table that names it, or null.</summary>
    public CyclicTable? Table
    {
        get => _table;
        set
        {
            _table = value;
            Update();
        }
    }

    /// <summary>The CPUs that it may run on, a bit each.</summary>
    public ulong Affinity { get; private set; } = ulong.MaxValue;

    /// <summary>It has a weight and no other rules.</summary>
    internal bool IsPlain { get; private set; } = true;

    /// <summary>It waits for a CPU, or for the time from which on it may have one.</summary>
    public bool IsQueued => HeapIndex >= 0 || Change.HeapIndex >= 0 || WaitsForSlot;

    /// <summary>The number, from 1 on, of its record in the transaction that is looked at; 0 if there is none.</summary>
    internal int Record { get; set; }

    /// <summary>The table that this transaction puts it into, or null.</summary>
    internal CyclicTable? PlannedTable { get; set; }

    /// <summary>It has a guarantee, now.</summary>
    internal bool HasBudget => _left > 0;

    /// <summary>Its limit lets it run now.</summary>
    internal bool IsWithinLimit => Limit == 0 || _allowance > 0;

    /// <summary>It has said that others may run before it.</summary>
    internal bool HasYielded { get; set; }

    /// <summary>Its table's CPU runs it in its next slot.</summary>
    internal bool WaitsForSlot { get; set; }

    /// <summary>Its place among those whose place changes at a time.</summary>
    internal ContextNode Change { get; }

    /// <summary>The bit of a CPU; those past the 63rd share it with others.</summary>
    public static ulong MaskOf(int cpu) => 1UL << cpu;

    /// <summary>It may run on CPU <paramref name="cpu"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Allows(int cpu) => (Affinity & MaskOf(cpu)) != 0;

    /// <summary>As for a new domain's of some weight, without guarantee and limit. It must be in no queue.</summary>
    public void Reset(int weight)
    {
        Weight = weight;
        VirtualTime = 0;
        Choice = Pin = ulong.MaxValue;
        HasFloor = false;
        PlannedTable = null;
        SetRules(0, 0, 0, 0, 0);
    }

    /// <summary>Gives a service its floor: <paramref name="budget"/> of every <paramref name="period"/>. It must be in no queue.</summary>
    public void SetFloor(ulong budget, ulong period)
    {
        SetRules(budget, period, 0, 0, 0);
        HasFloor = true;
    }

    /// <summary>
    /// Changes guarantee and limit; a period begins <paramref name="now"/> for what is new. It must be in no queue. True if anything is other
    /// than before.
    /// </summary>
    public bool SetRules(ulong budget, ulong period, ulong limit, int band, ulong now)
    {
        bool hasNewBudget = budget != Budget || period != Period;
        if (hasNewBudget)
        {
            _left = (long)budget;
            Deadline = now + period;
        }

        bool hasNewLimit = limit != Limit || period != Period;
        if (hasNewLimit)
        {
            _allowance = (long)limit;
            LimitEnd = now + period;
        }

        bool hasChanged = hasNewBudget || hasNewLimit || band != Band;
        (Budget, Period, Limit, Band) = (budget, period, limit, band);
        Update();
        return hasChanged;
    }

    /// <summary>
    /// It has a reason to run again: a new period begins when the old one is over, or when what is left of the budget is more than its share
    /// of what is left of the period. So a constant-bandwidth server never takes more than its share from the others.
    /// </summary>
    public void Wake(ulong now)
    {
        HasYielded = false;
        if (Budget == 0)
            return;

        bool exceeds = _left > 0 && now < Deadline
            && ((ulong)_left >> ProductShift) * (Period >> ProductShift) > ((Deadline - now) >> ProductShift) * (Budget >> ProductShift);
        if (!exceeds && now < Deadline)
            return;

        Refill(ref _left, Budget);
        Deadline = now + Period;
    }

    /// <summary>Begins the periods whose time has come.</summary>
    internal void Replenish(ulong now)
    {
        // Who has budget left at the deadline is late, and keeps its place.
        if (Budget != 0 && now >= Deadline && _left <= 0)
        {
            Deadline = NextEnd(Deadline, Period, now);
            Refill(ref _left, Budget);
        }

        if (Limit != 0 && now >= LimitEnd)
        {
            LimitEnd = NextEnd(LimitEnd, Period, now);
            Refill(ref _allowance, Limit);
        }
    }

    /// <summary>Charges <paramref name="ticks"/> of running in the place it was last given.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Charge(ulong ticks)
    {
        if (Rank == SlackRank)
            VirtualTime += ticks * DefaultWeight / (ulong)Weight;

        if (!IsPlain)
            ChargeByRules(ticks);
    }

    private void ChargeByRules(ulong ticks)
    {
        if (Rank == SlotRank)
            return;

        if (Rank != SlackRank)
            _left -= (long)ticks;

        if (Limit != 0)
            _allowance -= (long)ticks;
    }

    /// <summary>Until when it may run by its own rules, from <paramref name="now"/> on; no later than <paramref name="until"/>.</summary>
    internal ulong RunsUntil(ulong now, ulong until)
    {
        if (Rank != SlackRank)
            until = Math.Min(until, now + (ulong)_left);

        return Limit != 0 ? Math.Min(until, Math.Min(now + (ulong)_allowance, LimitEnd)) : until;
    }

    private void Update()
    {
        bool hasSlots = _table != null && (_pin & MaskOf(_table.Cpu)) != 0;
        ulong both = _pin & (hasSlots ? MaskOf(_table!.Cpu) : _choice);
        Affinity = both != 0 ? both : _pin;
        IsPlain = (Budget | Limit) == 0 && !hasSlots;
    }

    /// <summary>The place of its guarantee.</summary>
    internal int GuaranteedRank => HasFloor ? FloorRank : FloorRank + 1 + HighestBand - Band;

    /// <summary>The end of the period after the one that has ended: the next one if it is not over yet too, else one that begins now.</summary>
    internal static ulong NextEnd(ulong end, ulong period, ulong now) => now - end < period ? end + period : now + period;

    // What was taken too much is taken off.
    internal static void Refill(ref long left, ulong full) => left = Math.Min(left + (long)full, (long)full);
}
