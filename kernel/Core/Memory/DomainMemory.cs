using Microkernel.Core.Abi;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Memory;

/// <summary>A domain's memory: its address space, its pool and the account of its pages.</summary>
public sealed class DomainMemory
{
    private readonly HostMemory _host;

    /// <summary>Creates the memory of a domain slot; start-up only.</summary>
    public DomainMemory(HostMemory host)
    {
        _host = host;
        Tlb = new GuestTlb(host.Machine, host.Cpus);
        Pool = new FramePool(host);
        Physmap = new Physmap(host, Pool, Tlb);
    }

    /// <summary>The domain that owns it.</summary>
    public ushort Owner { get; private set; } = FrameTable.Nobody;

    /// <summary>Guest-physical address space.</summary>
    public Physmap Physmap { get; }

    /// <summary>Frames for page tables and per-domain structures.</summary>
    public FramePool Pool { get; }

    /// <summary>Flushes of its translations.</summary>
    public GuestTlb Tlb { get; }

    /// <summary>Frames of guest memory that the domain has.</summary>
    public ulong Pages { get; private set; }

    /// <summary>Frames of guest memory that it may have.</summary>
    public ulong MaxPages { get; private set; }

    /// <summary>Gets a slot ready for a new domain: fills the pool, empty address space. False when the host is short.</summary>
    public bool TryReset(ushort owner, ulong maxPages, int poolFrames)
    {
        Owner = owner;
        MaxPages = maxPages;
        Pages = 0;
        return Pool.TryFill(owner, poolFrames) && Physmap.TryReset();
    }
}
