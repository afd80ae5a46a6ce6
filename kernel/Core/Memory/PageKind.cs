namespace Microkernel.Core.Memory;

/// <summary>What backs a guest-physical page.</summary>
public enum PageKind
{
    /// <summary>The domain's own memory.</summary>
    Ram,

    /// <summary>A frame of the domain's pool that it may see: shared_info, grant table.</summary>
    Shared,

    /// <summary>Another domain's memory, mapped by a grant.</summary>
    Foreign,

    /// <summary>Lent by the core, or memory of a device: nobody counts it, and it is neither granted nor given up.</summary>
    Lent,
}
