using System;
using System.Threading;

namespace Microkernel.Core.Dispatch;

/// <summary>
/// Decides who runs on one CPU: the present slot's context if there is a table, else who has a guarantee, the earliest deadline of the
/// highest band first, else who had least slack for its weight. It knows contexts and times only. Guarded by its CPU's lock.
/// </summary>
public sealed class CpuSchedule
{
    private const ulong SlicesPerSecond = 100;
    private const ulong WakePreemptionsPerSecond = 1000;

    // What services have of every CPU, each of them and all together: a fifth of each hundredth of a second.
    internal const ulong FloorsPerSecond = 100;
    internal const ulong FloorShare = 5;

    private readonly ulong _bit;
    private readonly ulong _slice;
    private readonly ulong _wakeAdvantage;
    private readonly ulong _floorPeriod;
    private readonly ulong _floor;
    private readonly Heap _ready;
    private readonly Heap _changes;
    private bool _hasNews;
    private bool _isClosed;
    private long _floorLeft;
    private ulong _floorEnd;
    private ulong _leastTime;
    private ulong _until;

    /// <summary>
    /// Of CPU <paramref name="cpu"/>, with room for <paramref name="capacity"/> contexts: all there are. Only during start-up: it allocates.
    /// </summary>
    public CpuSchedule(int cpu, int capacity, ulong ticksPerSecond)
    {
        Table = new CyclicTable(cpu);
        _bit = SchedulingContext.MaskOf(cpu);
        _slice = ticksPerSecond / SlicesPerSecond;
        _wakeAdvantage = ticksPerSecond / WakePreemptionsPerSecond;
        _floorPeriod = ticksPerSecond / FloorsPerSecond;
        _floor = _floorPeriod / FloorShare;
        _ready = new Heap(capacity);
        _changes = new Heap(capacity);
    }

    /// <summary>Its table of slots; <see cref="Restart"/> follows on a change.</summary>
    public CyclicTable Table { get; }

    /// <summary>How many could run now if this were their turn.</summary>
    public int Count => _ready.Count;

    /// <summary>Who comes next outside of slots, or null. Without the lock: who did a moment ago.</summary>
    public SchedulingContext? First => ((ContextNode?)_ready.First)?.Context;

    /// <summary>Who runs, or null.</summary>
    public SchedulingContext? Running { get; private set; }

    /// <summary>Somebody has come since the last decision.</summary>
    public bool HasNews
    {
        get => Volatile.Read(ref _hasNews);
        private set => Volatile.Write(ref _hasNews, value);
    }

    /// <summary>The present slot is its context's alone.</summary>
    public bool IsClosed
    {
        get => Volatile.Read(ref _isClosed);
        private set => Volatile.Write(ref _isClosed, value);
    }

    /// <summary>Adds a context that can run and is in no queue: one that ran here, or was told to run here.</summary>
    public void Add(SchedulingContext context, ulong now)
    {
        HasNews = true;
        if (context.Table == Table)
        {
            context.WaitsForSlot = true;
            return;
        }

        if ((context.Budget | context.Limit) == 0)
        {
            AddTo(context, SchedulingContext.SlackRank, context.VirtualTime);
            return;
        }

        AddByRules(context, now);
    }

    /// <summary>
    /// The same for one that slept or comes from another CPU: it does not get behind those of this one by more than a slice. True if it is
    /// more urgent than who runs.
    /// </summary>
    public bool Join(SchedulingContext context, ulong now)
    {
        RaiseTime(context, _leastTime > _slice ? _leastTime - _slice : 0);
        Add(context, now);
        return Preempts(context);
    }

    /// <summary>Takes out a context that waits here.</summary>
    public void Remove(SchedulingContext context)
    {
        context.WaitsForSlot = false;
        if (context.Ready.HeapIndex >= 0)
            _ready.Remove(context.Ready);

        if (context.Change.HeapIndex >= 0)
            _changes.Remove(context.Change);
    }

    /// <summary>
    /// Takes out who runs from <paramref name="now"/> on, or null, and says until when that decision holds. <see cref="Stop"/> follows.
    /// </summary>
    public SchedulingContext? PickNext(ulong now, out ulong until)
    {
        HasNews = false;
        until = _changes.Count != 0 ? ApplyChanges(now) : ulong.MaxValue;
        SchedulingContext? next = Table.Count != 0 ? PickFromTable(now, ref until) : null;
        if (next == null && !_isClosed)
            next = PickReady(now, ref until);

        if (next != null)
            until = Math.Min(until, now + _slice);

        Running = next;
        _until = until;
        return next;
    }

    /// <summary>The table is another one, which begins now.</summary>
    public void Restart(ulong now)
    {
        Table.Start(now);
        IsClosed = false;
        HasNews = true;
    }

    /// <summary>Who runs has run for <paramref name="ticks"/>, and stops.</summary>
    public void Stop(ulong ticks)
    {
        SchedulingContext context = Running!;
        Running = null;
        if (context.Ready.Rank == SchedulingContext.FloorRank)
            _floorLeft -= (long)ticks;

        context.Charge(ticks);
    }

    /// <summary>Who runs, or is about to, gets behind the one that waits for slack the longest.</summary>
    public void Yield(SchedulingContext context)
    {
        if (First is { } first && first.Ready.Rank == SchedulingContext.SlackRank)
            RaiseTime(context, first.VirtualTime);
    }

    /// <summary>This CPU should take over <paramref name="theirs"/>, which waits elsewhere: it is due clearly before all that wait here.</summary>
    public bool Wants(SchedulingContext theirs)
    {
        HeapNode? own = _ready.First;
        if (own == null || theirs.Ready.Rank != own.Rank)
            return own == null || theirs.Ready.Rank < own.Rank;

        return theirs.Ready.Key + _slice < own.Key;
    }

    private static void RaiseTime(SchedulingContext context, ulong least) =>
        context.VirtualTime = Math.Max(context.VirtualTime, least);

    private void AddByRules(SchedulingContext context, ulong now)
    {
        context.Replenish(now);
        if (!context.IsWithinLimit)
        {
            ChangeAt(context, context.LimitEnd);
            return;
        }

        // A guarantee holds on the CPU that it was given for.
        bool mayHave = context.Budget != 0 && (context.Choice & _bit) != 0;
        if (mayHave && context.HasBudget && (!context.HasFloor || HasFloorLeft(now)))
        {
            AddTo(context, context.GuaranteedRank, context.Deadline);
            return;
        }

        if (context.Budget != 0)
            RaiseTime(context, _leastTime);

        AddTo(context, SchedulingContext.SlackRank, context.VirtualTime);
        if (mayHave)
            ChangeAt(context, context.HasBudget ? _floorEnd : context.Deadline);
    }

    private void AddTo(SchedulingContext context, int rank, ulong key)
    {
        (context.Ready.Rank, context.Ready.Key) = (rank, key);
        _ready.Add(context.Ready);
    }

    private void ChangeAt(SchedulingContext context, ulong time)
    {
        context.Change.Key = time;
        _changes.Add(context.Change);
    }

    // Says when the next one is due.
    private ulong ApplyChanges(ulong now)
    {
        while (_changes.First is ContextNode change)
        {
            if (change.Key > now)
                return change.Key;

            // To have been kept from running is as good as to have slept.
            if (change.Context.Ready.HeapIndex < 0)
                change.Context.Wake(now);

            AddAgain(change.Context, now);
        }

        return ulong.MaxValue;
    }

    private void AddAgain(SchedulingContext context, ulong now)
    {
        Remove(context);
        AddByRules(context, now);
    }

    private SchedulingContext? PickFromTable(ulong now, ref ulong until)
    {
        Table.Advance(now);
        until = Math.Min(until, Table.SlotEnd);

        // Who waits elsewhere may come when a slot ends that was closed to it.
        HasNews = IsClosed && !Table.IsStrict;
        IsClosed = Table.IsStrict;
        SchedulingContext? context = Table.Current;
        if (context is not { WaitsForSlot: true })
            return null;

        context.WaitsForSlot = false;
        context.Ready.Rank = SchedulingContext.SlotRank;
        return context;
    }

    private SchedulingContext? PickReady(ulong now, ref ulong until)
    {
        while (_ready.First is ContextNode first)
        {
            SchedulingContext context = first.Context;
            if ((context.Budget | context.Limit) != 0)
            {
                if (first.Rank == SchedulingContext.FloorRank && !HasFloorLeft(now))
                {
                    AddAgain(context, now);
                    continue;
                }

                until = RunsUntil(context, now, until);
            }

            Remove(context);
            if (first.Rank == SchedulingContext.SlackRank)
                _leastTime = Math.Max(_leastTime, context.VirtualTime);

            return context;
        }

        return null;
    }

    private ulong RunsUntil(SchedulingContext context, ulong now, ulong until)
    {
        if (context.Change.HeapIndex >= 0)
            until = Math.Min(until, context.Change.Key);

        if (context.Ready.Rank == SchedulingContext.FloorRank)
            until = Math.Min(until, now + (ulong)_floorLeft);

        context.Replenish(now);
        return context.RunsUntil(now, until);
    }

    private bool Preempts(SchedulingContext context)
    {
        SchedulingContext? running = Running;
        if (running == null)
            return false;

        if (context.WaitsForSlot)
            return Table.Current == context;

        // Its time comes before the next decision: that must be earlier.
        if (context.Change.HeapIndex >= 0 && context.Change.Key < _until)
            return true;

        int rank = context.Ready.Rank;
        if (context.Ready.HeapIndex < 0 || running.Ready.Rank != rank)
            return context.Ready.HeapIndex >= 0 && rank < running.Ready.Rank;

        return rank == SchedulingContext.SlackRank
            ? context.VirtualTime + _wakeAdvantage < running.VirtualTime
            : context.Deadline < running.Deadline;
    }

    // What services may have of this CPU by their floors, all together, in each period.
    private bool HasFloorLeft(ulong now)
    {
        if (now >= _floorEnd)
        {
            _floorEnd = SchedulingContext.NextEnd(_floorEnd, _floorPeriod, now);
            SchedulingContext.Refill(ref _floorLeft, _floor);
        }

        return _floorLeft > 0;
    }
}
