namespace Microkernel.Services.Scheduler;

/// <summary>A vCPU, and what it did in the epoch that is over.</summary>
public sealed record VcpuView
{
    /// <summary>Who it is.</summary>
    public required VcpuKey Key { get; init; }

    /// <summary>What it is doing.</summary>
    public VcpuActivity Activity { get; init; } = VcpuActivity.Blocked;

    /// <summary>Its CPU, now or last; of another pool perhaps, if it has just come.</summary>
    public uint Cpu { get; init; }

    /// <summary>The CPUs that it may run on: those of the pool, and of them those that it is pinned to.</summary>
    public ulong Allowed { get; init; } = ulong.MaxValue;

    /// <summary>Its time on CPUs, in ns.</summary>
    public ulong RanNs { get; init; }

    /// <summary>Time that it could have run and did not, in ns.</summary>
    public ulong WaitedNs { get; init; }

    /// <summary>How often it woke up.</summary>
    public ulong Wakeups { get; init; }

    /// <summary>Whether it may run on a CPU.</summary>
    public bool Allows(uint cpu) => (Allowed & CpuBits.Of(cpu)) != 0;
}
