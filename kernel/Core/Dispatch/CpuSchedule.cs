using System;
using System.Runtime.CompilerServices;
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
    private ulong _earliest;
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
    public SchedulingContext? First
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (SchedulingContext?)_ready.First;
    }

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
        if (context.IsPlain)
            AddTo(context, SchedulingContext.SlackRank, context.VirtualTime);
        else if (context.Table == Table)
            context.WaitsForSlot = true;
        else
            AddByRules(context, now);
    }

    /// <summary>
    /// The same for one that slept or comes from another CPU: it does not get behind those of this one by more than a slice. True if it is
    /// more urgent than who runs.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Join(SchedulingContext context, ulong now)
    {
        ulong time = context.VirtualTime < _earliest ? _earliest : context.VirtualTime;
        context.VirtualTime = time;
        if (!context.IsPlain)
            return JoinByRules(context, now);

        HasNews = true;
        AddTo(context, SchedulingContext.SlackRank, time);
        return Running is { Rank: SchedulingContext.SlackRank } running && time + _wakeAdvantage < running.VirtualTime;
    }

    /// <summary>Takes out a context that waits here.</summary>
    public void Remove(SchedulingContext context)
    {
        context.WaitsForSlot = false;
        if (context.HeapIndex >= 0)
            _ready.Remove(context);

        if (context.Change.HeapIndex >= 0)
            _changes.Remove(context.Change);
    }

    /// <summary>
    /// Takes out who runs from <paramref name="now"/> on, or null, and says until when that decision holds. <see cref="Stop"/> follows.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public SchedulingContext? PickNext(ulong now, out ulong until)
    {
        HasNews = false;
        SchedulingContext? first = First;
        if ((_changes.Count | Table.Count) != 0 || first is not { IsPlain: true })
            return PickByRules(now, out until);

        _ready.Remove(first);
        Advance(first);
        _until = until = now + _slice;
        Running = first;
        return first;
    }

    /// <summary>The table is another one, which begins now.</summary>
    public void Restart(ulong now)
    {
        Table.Start(now);
        IsClosed = false;
        HasNews = true;
    }

    /// <summary>Who runs has run for <paramref name="ticks"/>, and stops.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Stop(ulong ticks)
    {
        SchedulingContext context = Running!;
        Running = null;
        if (context.Rank == SchedulingContext.FloorRank)
            _floorLeft -= (long)ticks;

        context.Charge(ticks);
    }

    /// <summary>Who runs gets behind the one that waits for slack the longest, and leaves its guarantee alone for a moment.</summary>
    public void Yield(SchedulingContext context)
    {
        context.HasYielded = !context.IsPlain;
        if (First is { } first && first.Rank == SchedulingContext.SlackRank)
            RaiseTime(context, first.VirtualTime);
    }

    /// <summary>This CPU should take over <paramref name="theirs"/>, which waits elsewhere: it is due clearly before all that wait here.</summary>
    public bool Wants(SchedulingContext theirs)
    {
        HeapNode? own = _ready.First;
        if (own == null || theirs.Rank != own.Rank)
            return own == null || theirs.Rank < own.Rank;

        return theirs.Key + _slice < own.Key;
    }

    private SchedulingContext? PickByRules(ulong now, out ulong until)
    {
        until = ApplyChanges(now);
        SchedulingContext? next = PickFromTable(now, ref until);
        if (next == null && !IsClosed)
            next = PickReady(now, ref until);

        if (next != null)
            until = Math.Min(until, now + _slice);

        Running = next;
        _until = until;
        return next;
    }

    // Who runs on slack takes the others along: none is behind it by more than a slice when it comes.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Advance(SchedulingContext context)
    {
        if (context.VirtualTime > _earliest + _slice)
            _earliest = context.VirtualTime - _slice;
    }

    private bool JoinByRules(SchedulingContext context, ulong now)
    {
        Add(context, now);
        return Preempts(context);
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
        bool yields = context.HasYielded;
        context.HasYielded = false;
        if (mayHave && context.HasBudget && !yields && (!context.HasFloor || HasFloorLeft(now)))
        {
            AddTo(context, context.GuaranteedRank, context.Deadline);
            return;
        }

        if (context.Budget != 0)
            RaiseTime(context, _earliest + _slice);

        AddTo(context, SchedulingContext.SlackRank, context.VirtualTime);
        if (mayHave)
            ChangeAt(context, yields ? now + _wakeAdvantage : context.HasBudget ? _floorEnd : context.Deadline);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddTo(SchedulingContext context, int rank, ulong key)
    {
        context.Rank = rank;
        context.Key = key;
        _ready.Add(context);
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
            if (change.Context.HeapIndex < 0)
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
        if (Table.Count == 0)
            return null;

        Table.Advance(now);
        until = Math.Min(until, Table.SlotEnd);

        // Who waits elsewhere may come when a slot ends that was closed to it.
        HasNews = IsClosed && !Table.IsStrict;
        IsClosed = Table.IsStrict;
        SchedulingContext? context = Table.Current;
        if (context is not { WaitsForSlot: true })
            return null;

        context.WaitsForSlot = false;
        context.Rank = SchedulingContext.SlotRank;
        return context;
    }

    private SchedulingContext? PickReady(ulong now, ref ulong until)
    {
        while (First is { } first)
        {
            if (!first.IsPlain)
            {
                if (first.Rank == SchedulingContext.FloorRank && !HasFloorLeft(now))
                {
                    AddAgain(first, now);
                    continue;
                }

                until = RunsUntil(first, now, until);
            }

            Remove(first);
            if (first.Rank == SchedulingContext.SlackRank)
                Advance(first);

            return first;
        }

        return null;
    }

    private ulong RunsUntil(SchedulingContext context, ulong now, ulong until)
    {
        if (context.Change.HeapIndex >= 0)
            until = Math.Min(until, context.Change.Key);

        if (context.Rank == SchedulingContext.FloorRank)
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

        int rank = context.Rank;
        if (context.HeapIndex < 0 || running.Rank != rank)
            return context.HeapIndex >= 0 && rank < running.Rank;

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
