using System.Collections.Generic;
using System.Linq;

namespace Mk.Tracing;

/// <summary>What a vCPU did in a trace; it slept, or was off, in between.</summary>
/// <param name="Domain">Its domain.</param>
/// <param name="Vcpu">Its number.</param>
/// <param name="Spans">In the order of time; they do not overlap.</param>
public sealed record VcpuTrack(TraceDomain Domain, uint Vcpu, IReadOnlyList<VcpuSpan> Spans)
{
    /// <summary>How long it ran, in ns.</summary>
    public long Ran { get; } = Spans.Where(static s => s.Doing == VcpuDoing.Running).Sum(static s => s.Length);

    /// <summary>How long it could have run and did not, in ns.</summary>
    public long Waited { get; } = Spans.Where(static s => s.Doing != VcpuDoing.Running).Sum(static s => s.Length);

    /// <summary>The longest wait at a stretch, in ns; 0 if there was none.</summary>
    public long LongestWait { get; } = Spans.Where(static s => s.Doing != VcpuDoing.Running).Select(static s => s.Length).DefaultIfEmpty().Max();
}
