namespace Microkernel.Core.Memory;

/// <summary>What an audit counts of one domain.</summary>
internal sealed class AuditTally
{
    /// <summary>Pages of guest memory in the nested page table.</summary>
    public ulong MappedRam;

    /// <summary>Other domains' pages in the nested page table.</summary>
    public ulong MappedForeign;

    /// <summary>Frames of guest memory that the records give to the domain.</summary>
    public ulong HeldRam;

    /// <summary>Frames of its pool, by the records.</summary>
    public ulong PoolFrames;

    /// <summary>All zero.</summary>
    public void Clear() => MappedRam = MappedForeign = HeldRam = PoolFrames = 0;
}
