using System;
using System.Collections.Generic;
using System.Linq;
using Microkernel.Protos.Scheduler;

namespace Mk.Tracing;

/// <summary>Collects what the scheduler sends of a trace.</summary>
/// <param name="durationNs">How long the trace is to be.</param>
public sealed class TraceRecording(long durationNs)
{
    /// <summary>A trace that ends early ends so long, in ns, before what was read last: slices that had begun then may not have ended.</summary>
    internal const long TailNs = 50_000_000;

    private readonly List<TraceSlice> _slices = [];
    private readonly List<TraceLoss> _losses = [];
    private readonly SortedDictionary<uint, long> _ends = [];
    private ulong? _begin;
    private long _now;

    /// <summary>How much of the time is over, from 0 to 1.</summary>
    public double Done => Math.Clamp((double)_now / durationNs, 0, 1);

    /// <summary>The next part. The first one says when the trace begins, and which CPUs there are.</summary>
    public void Add(TracePart part)
    {
        _begin ??= part.NowNs;
        _now = Math.Max(_now, At(part.NowNs));
        foreach (CpuSlices cpu in part.Cpus)
            Add(cpu);
    }

    /// <summary>The trace; domains have no names yet.</summary>
    /// <param name="isWhole">The scheduler has sent everything; otherwise the trace ends where all slices are still known.</param>
    /// <returns>Null if it is too short to be one.</returns>
    public SchedTrace? Finish(bool isWhole)
    {
        long length = isWhole ? Math.Min(durationNs, _now) : Math.Min(durationNs, _now - TailNs);
        if (_begin is not { } begin || length <= 0)
            return null;
        TraceSlice[] slices = [.. _slices.Select(s => Cut(s, length)).Where(static s => s.Start < s.End).OrderBy(static s => (s.Start, s.Cpu))];
        TraceLoss[] losses = [.. _losses.Where(loss => loss.Start < length).Select(loss => loss with { End = Math.Min(loss.End, length) }).OrderBy(static l => (l.Start, l.Cpu))];
        return new SchedTrace(begin, length, [.. _ends.Keys], slices, losses, []).Named(static _ => null, static _ => false);
    }

    private void Add(CpuSlices cpu)
    {
        long end = _ends.GetValueOrDefault(cpu.Cpu);
        if (cpu.Lost > 0)
            _losses.Add(new TraceLoss(cpu.Cpu, end, cpu.Slices.Count > 0 ? Math.Max(end, At(cpu.Slices[0].StartNs)) : _now, cpu.Lost));
        foreach (Slice slice in cpu.Slices)
        {
            long start = At(slice.StartNs);
            end = start + (long)slice.LengthNs;
            _slices.Add(new TraceSlice(cpu.Cpu, slice.Domain, slice.Vcpu, start, end, (long)slice.WaitedNs, slice.Next));
        }

        _ends[cpu.Cpu] = end;
    }

    private long At(ulong ns) => (long)(ns - _begin!.Value);

    private static TraceSlice Cut(TraceSlice slice, long length) => slice with
    {
        // What it waited counts from where it really began.
        Waited = slice.Start < 0 ? 0 : slice.Waited,
        Start = Math.Max(slice.Start, 0),
        End = Math.Min(slice.End, length),
    };
}
