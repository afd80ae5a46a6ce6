using System;
using System.Collections.Generic;
using System.Linq;
using Microkernel.Protos.Scheduler;

namespace Mk.Tracing;

/// <summary>Finds out what each vCPU did from the slices of the CPUs.</summary>
public sealed class VcpuTracks
{
    private readonly SchedTrace _trace;
    private readonly List<(long Start, long End)> _unknown = [];

    private VcpuTracks(SchedTrace trace)
    {
        _trace = trace;
        foreach (TraceLoss loss in trace.Losses.OrderBy(static l => l.Start))
        {
            if (_unknown.Count > 0 && loss.Start <= _unknown[^1].End)
                _unknown[^1] = (_unknown[^1].Start, Math.Max(_unknown[^1].End, loss.End));
            else
                _unknown.Add((loss.Start, loss.End));
        }
    }

    /// <summary>The tracks of all vCPUs that ran, in the order of the trace's domains.</summary>
    public static IReadOnlyList<VcpuTrack> Of(SchedTrace trace)
    {
        var tracks = new VcpuTracks(trace);
        ILookup<(uint Domain, uint Vcpu), TraceSlice> slices = trace.Slices.ToLookup(static s => (s.Domain, s.Vcpu));
        ILookup<uint, uint> vcpus = slices.Select(static v => v.Key).ToLookup(static k => k.Domain, static k => k.Vcpu);
        return [.. trace.Domains.SelectMany(domain => vcpus[domain.Domain].Order().Select(vcpu =>
            new VcpuTrack(domain, vcpu, tracks.SpansOf(slices[(domain.Domain, vcpu)]))))];
    }

    private List<VcpuSpan> SpansOf(IEnumerable<TraceSlice> slices)
    {
        List<VcpuSpan> spans = [];
        long end = 0;
        bool isReady = false;
        foreach (TraceSlice slice in slices)
        {
            if (slice.Waited > 0)
                Add(spans, VcpuDoing.Woken, slice.Cpu, Math.Max(end, slice.Start - slice.Waited), slice.Start);
            else if (isReady && IsKnown(end, slice.Start))
                Add(spans, VcpuDoing.Preempted, slice.Cpu, end, slice.Start);
            Add(spans, VcpuDoing.Running, slice.Cpu, Math.Max(end, slice.Start), slice.End);
            end = Math.Max(end, slice.End);
            isReady = slice.Next == VcpuState.Ready;
        }

        if (isReady && IsKnown(end, _trace.Length))
            Add(spans, VcpuDoing.Preempted, spans[^1].Cpu, end, _trace.Length);
        return spans;
    }

    private static void Add(List<VcpuSpan> spans, VcpuDoing doing, uint cpu, long start, long end)
    {
        if (start < end)
            spans.Add(new VcpuSpan(doing, cpu, start, end));
    }

    /// <summary>No CPU lost a slice meanwhile, which may have been this vCPU's.</summary>
    private bool IsKnown(long start, long end)
    {
        int low = 0, high = _unknown.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_unknown[middle].End <= start)
                low = middle + 1;
            else
                high = middle;
        }

        return low == _unknown.Count || _unknown[low].Start >= end;
    }
}
