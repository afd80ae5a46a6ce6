namespace Microkernel.Core.Memory;

/// <summary>What a physical frame is used for. The type decides who may map it.</summary>
public enum FrameType
{
    /// <summary>Not RAM, or not given to the core: never touched.</summary>
    Reserved,

    /// <summary>In the allocator.</summary>
    Free,

    /// <summary>On its way back to the allocator, being scrubbed.</summary>
    Scrubbing,

    /// <summary>The core's image, tables and boot modules: never mapped by a guest.</summary>
    Core,

    /// <summary>A domain's memory: mapped by its owner, and by others that hold a reference.</summary>
    GuestRam,

    /// <summary>A domain's page tables and private structures: never mapped by a guest.</summary>
    DomainPool,

    /// <summary>A frame of a domain's pool that its owner may map: shared_info, grant table.</summary>
    Shared,

    /// <summary>The core's, lent to domains that the manifest names: rings and kept memory.</summary>
    Lent,
}
