using System;
using System.Collections.Generic;
using System.Linq;
using Microkernel.Core.Dispatch;

namespace Microkernel.Core.Tests.Dispatch;

/// <summary>One CPU in simulated time, on the core's own decision code: contexts that compute, sleep and wake as the test says.</summary>
internal sealed class OneCpu
{
    /// <summary>Ticks are nanoseconds.</summary>
    public const ulong Second = 1_000_000_000;
    public const ulong Millisecond = 1_000_000;
    public const ulong Microsecond = 1_000;

    private readonly List<Load> _loads = [];
    private ulong _pickedAt;
    private ulong _until;

    public CpuSchedule Schedule { get; } = new(0, 64, Second);

    public ulong Now { get; private set; } = 1;

    /// <summary>Time in which nobody ran.</summary>
    public ulong Idle { get; private set; }

    /// <summary>Called after each stretch of running: who, from when, until when.</summary>
    public Action<Load, ulong, ulong>? OnRan { get; set; }

    public IReadOnlyList<Load> Loads => _loads;

    /// <summary>Adds a context that is asleep until <paramref name="start"/> and then computes for bursts between sleeps; 0 is for ever.</summary>
    public Load Add(int weight = 256, ulong start = 0, Func<ulong>? burst = null, Func<ulong>? sleep = null)
    {
        Load load = new() { WakesAt = Math.Max(start, Now), Burst = burst ?? (() => 0), Sleep = sleep ?? (() => 0) };
        load.Context.Weight = weight;
        _loads.Add(load);
        return load;
    }

    /// <summary>Lets time pass.</summary>
    public void Run(ulong until)
    {
        while (Now < until)
        {
            WakeThoseDue();
            if (Schedule.Running == null)
            {
                Schedule.PickNext(Now, out _until);
                _pickedAt = Now;
            }

            Load? running = _loads.FirstOrDefault(load => load.Context == Schedule.Running);
            ulong end = Math.Min(Math.Max(_until, Now), until);
            if (running is { Left: > 0 })
                end = Math.Min(end, Now + running.Left);

            ulong wake = _loads.Where(load => load.IsAsleep).Select(load => load.WakesAt).DefaultIfEmpty(ulong.MaxValue).Min();
            end = Math.Min(end, wake);
            Pass(running, end);
        }
    }

    private void WakeThoseDue()
    {
        foreach (Load load in _loads.Where(load => load.IsAsleep && load.WakesAt <= Now))
        {
            load.IsAsleep = false;
            load.Left = load.Burst();
            load.Woke = Now;
            load.Context.Wake(Now);
            bool preempts = Schedule.Join(load.Context, Now);
            Load? running = _loads.FirstOrDefault(other => other.Context == Schedule.Running);
            if (preempts)
                PutBack(running!);
        }
    }

    private void Pass(Load? running, ulong end)
    {
        if (running == null)
        {
            Idle += end - Now;
            Now = end;
            return;
        }

        ulong ran = end - Now;
        if (running.Woke is { } woke)
        {
            running.WorstWait = Math.Max(running.WorstWait, Now - woke);
            running.Woke = null;
        }

        running.Ran += ran;
        OnRan?.Invoke(running, Now, end);
        Now = end;
        bool isFinite = running.Left > 0;
        running.Left -= isFinite ? ran : 0;
        if (isFinite && running.Left == 0)
        {
            Schedule.Stop(Now - _pickedAt);
            running.IsAsleep = true;
            running.WakesAt = Now + Math.Max(running.Sleep(), 1);
        }
        else if (Now >= _until)
        {
            PutBack(running);
        }
    }

    private void PutBack(Load running)
    {
        Schedule.Stop(Now - _pickedAt);
        Schedule.Add(running.Context, Now);
    }

    /// <summary>A context and what it does.</summary>
    internal sealed class Load
    {
        public SchedulingContext Context { get; } = new();

        public required Func<ulong> Burst { get; init; }

        public required Func<ulong> Sleep { get; init; }

        public bool IsAsleep { get; set; } = true;

        public ulong WakesAt { get; set; }

        /// <summary>What is left of the burst; 0 for one that never ends.</summary>
        public ulong Left { get; set; }

        public ulong Ran { get; set; }

        public ulong? Woke { get; set; }

        public ulong WorstWait { get; set; }
    }
}
