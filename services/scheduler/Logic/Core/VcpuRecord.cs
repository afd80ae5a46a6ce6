using System.Collections.Generic;

namespace Microkernel.Services.Scheduler;

/// <summary>A vCPU as the core knows it. Counters run from its creation.</summary>
public sealed record VcpuRecord
{
    /// <summary>How many buckets a histogram of wake-up latency has: below 0.1, 0.3, 1, 3, 10, 30, 100 ms, and longer.</summary>
    public const int LatencyBuckets = 8;

    /// <summary>Who it is.</summary>
    public required VcpuKey Key { get; init; }

    /// <summary>It belongs to a service: it has a floor, and no policy but a weight.</summary>
    public bool IsService { get; init; }

    /// <summary>What it is doing.</summary>
    public VcpuActivity Activity { get; init; } = VcpuActivity.Blocked;

    /// <summary>Its CPU, now or last.</summary>
    public uint Cpu { get; init; }

    /// <summary>The context in force; its affinity is what the policy's and the pin leave.</summary>
    public VcpuContext Context { get; init; } = new();

    /// <summary>The CPUs that it is confined to, whatever its context says.</summary>
    public ulong Pin { get; init; } = ulong.MaxValue;

    /// <summary>Time on CPUs, in ns.</summary>
    public ulong RanNs { get; init; }

    /// <summary>Time that it could have run and did not, in ns.</summary>
    public ulong WaitedNs { get; init; }

    /// <summary>How often it became ready after it had waited for an event.</summary>
    public ulong Wakeups { get; init; }

    /// <summary>How often it changed the CPU.</summary>
    public ulong Migrations { get; init; }

    /// <summary>The longest time from a wake-up until it ran, in ns.</summary>
    public ulong WorstWaitNs { get; init; }

    /// <summary>How many wake-ups took how long.</summary>
    public IReadOnlyList<uint> Latency { get; init; } = new uint[LatencyBuckets];
}
