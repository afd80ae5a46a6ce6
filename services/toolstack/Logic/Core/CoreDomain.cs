namespace Microkernel.Services.Toolstack.Core;

/// <summary>A domain, as the core knows it.</summary>
public sealed record CoreDomain
{
    /// <summary>Its number.</summary>
    public required uint Id { get; init; }

    /// <summary>It is being destroyed.</summary>
    public bool IsDying { get; init; }

    /// <summary>It has ended, for this reason, and waits to be destroyed.</summary>
    public DomainEnd? End { get; init; }

    /// <summary>Somebody has paused it.</summary>
    public bool IsPaused { get; init; }

    /// <summary>All its vCPUs wait.</summary>
    public bool IsBlocked { get; init; }

    /// <summary>Memory that it has.</summary>
    public ulong MemoryBytes { get; init; }

    /// <summary>Memory that it may have.</summary>
    public ulong MaximumBytes { get; init; }

    /// <summary>Time of all its vCPUs on CPUs.</summary>
    public ulong CpuTime { get; init; }

    /// <summary>The highest number of a vCPU.</summary>
    public uint LastVcpu { get; init; }
}
