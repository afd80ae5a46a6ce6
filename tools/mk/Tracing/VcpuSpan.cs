namespace Mk.Tracing;

/// <summary>A vCPU did something, without a break. Times are nanoseconds since the trace began.</summary>
/// <param name="Doing">What.</param>
/// <param name="Cpu">The CPU on which it ran, or that ended its wait.</param>
/// <param name="Start">From when.</param>
/// <param name="End">Until when.</param>
public readonly record struct VcpuSpan(VcpuDoing Doing, uint Cpu, long Start, long End)
{
    /// <summary>How long.</summary>
    public long Length => End - Start;
}
