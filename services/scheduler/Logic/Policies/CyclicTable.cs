using System;
using System.Collections.Generic;
using System.Linq;

namespace Microkernel.Services.Scheduler;

/// <summary>
/// Lays out a cyclic table: the schedule that earliest deadline first gives, written down for one major frame, with a hole for services' floors
/// at the same place of every 10 ms where there are some.
/// </summary>
public static class CyclicTable
{
    /// <summary>Where services have floors, this much of every <see cref="HoleEveryNs"/> is left to them.</summary>
    public const ulong HoleNs = 2_000_000;

    /// <summary>How often there is a hole.</summary>
    public const ulong HoleEveryNs = 10_000_000;

    private const ulong LongestFrameNs = 1_000_000_000;
    private const ulong GrainNs = CpuTable.ShortestSlotNs;

    private static readonly ulong[] s_units = [10_000_000, 5_000_000, 2_000_000, 1_000_000, 500_000, 200_000, GrainNs];

    /// <summary>The table; null if there is none in which everybody has their budget, of at most <see cref="CpuTable.MostSlots"/> slots.</summary>
    /// <param name="tasks">Who; at least one.</param>
    /// <param name="hasHoles">Services have floors on the CPU.</param>
    public static IReadOnlyList<TableSlot>? Lay(IReadOnlyList<CyclicTask> tasks, bool hasHoles) =>
        LayExactly(tasks, hasHoles) ?? LayExactly(Harmonic(tasks), hasHoles);

    private static List<TableSlot>? LayExactly(IReadOnlyList<CyclicTask> tasks, bool hasHoles)
    {
        ulong frame = hasHoles ? HoleEveryNs : GrainNs;
        foreach (CyclicTask task in tasks)
        {
            if (task.PeriodNs % GrainNs != 0)
                return null;
            frame = LeastCommonMultiple(frame, task.PeriodNs);
            if (frame > LongestFrameNs && frame != task.PeriodNs)
                return null;
        }

        // Whole grains, so that no slot is shorter than one.
        Job[] jobs = [.. tasks.Select(static t => new Job(t with { BudgetNs = (t.BudgetNs + GrainNs - 1) / GrainNs * GrainNs }))];
        List<TableSlot> slots = [];
        for (ulong now = 0; now < frame;)
        {
            if (jobs.Any(job => !job.Release(now)))
                return null;
            now = Step(jobs, slots, now, frame, hasHoles);
            if (slots.Count > CpuTable.MostSlots)
                return null;
        }

        return jobs.All(static job => job.Left == 0) ? slots : null;
    }

    /// <summary>Adds what runs from a moment on, up to the next at which that may change.</summary>
    private static ulong Step(Job[] jobs, List<TableSlot> slots, ulong now, ulong frame, bool hasHoles)
    {
        ulong until = jobs.Min(static job => job.Deadline), inCycle = now % HoleEveryNs;
        bool isHole = hasHoles && inCycle < HoleNs;
        if (hasHoles)
            until = Math.Min(until, now - inCycle + (isHole ? HoleNs : HoleEveryNs));
        Job? runs = isHole ? null : jobs.Where(static job => job.Left > 0).MinBy(static job => job.Deadline);
        until = Math.Min(runs is null ? until : Math.Min(until, now + runs.Left), frame);
        if (runs is not null)
            runs.Left -= until - now;
        Append(slots, runs?.Task.Vcpu, until - now);
        return until;
    }

    private static void Append(List<TableSlot> slots, VcpuKey? vcpu, ulong length)
    {
        if (slots.Count > 0 && slots[^1].Vcpu == vcpu)
            slots[^1] = slots[^1] with { LengthNs = slots[^1].LengthNs + length };
        else
            slots.Add(new TableSlot(vcpu, length, IsStrict: vcpu is not null));
    }

    /// <summary>The same parts of a CPU in periods that are the shortest one, twice that, four times, and so on, and no longer than before.</summary>
    private static CyclicTask[] Harmonic(IReadOnlyList<CyclicTask> tasks)
    {
        ulong shortest = tasks.Min(static t => t.PeriodNs);
        // A frame of whole tens of milliseconds, so that the holes stay where they are.
        ulong unit = shortest >= HoleEveryNs ? shortest - (shortest % HoleEveryNs) : s_units.First(u => u <= shortest);
        return [.. tasks.Select(t =>
        {
            ulong period = unit << (int)Math.Log2((double)t.PeriodNs / unit);
            return t with { PeriodNs = period, BudgetNs = Math.Max(1, (ulong)Math.Ceiling((double)t.BudgetNs * period / t.PeriodNs)) };
        })];
    }

    private static ulong LeastCommonMultiple(ulong a, ulong b)
    {
        ulong x = a, y = b;
        while (y != 0)
            (x, y) = (y, x % y);
        return a / x * b;
    }

    /// <summary>A task's job of the present period.</summary>
    private sealed class Job(CyclicTask task)
    {
        internal CyclicTask Task => task;

        internal ulong Left { get; set; } = task.BudgetNs;

        internal ulong Deadline { get; private set; } = task.PeriodNs;

        /// <summary>Begins the next period when it is time.</summary>
        /// <returns>False if the present one did not get its budget.</returns>
        internal bool Release(ulong now)
        {
            if (now < Deadline)
                return true;
            if (Left > 0)
                return false;
            (Left, Deadline) = (task.BudgetNs, Deadline + task.PeriodNs);
            return true;
        }
    }
}
