namespace Microkernel.Services.Memory.Core;

/// <summary>A domain, as the core knows it.</summary>
public sealed record DomainFacts
{
    /// <summary>Its number.</summary>
    public required uint Id { get; init; }

    /// <summary>Its universal id, 16 bytes.</summary>
    public byte[] Handle { get; init; } = new byte[16];

    /// <summary>It is being destroyed.</summary>
    public bool IsDying { get; init; }

    /// <summary>Why it has ended (SHUTDOWN_* of xen/sched.h); null as long as it has not.</summary>
    public uint? EndReason { get; init; }

    /// <summary>Pages of memory that it has.</summary>
    public ulong Pages { get; init; }

    /// <summary>vCPUs that it has.</summary>
    public int Vcpus { get; init; }

    /// <summary>Pages that it may have.</summary>
    public ulong MaximumPages { get; init; }
}
