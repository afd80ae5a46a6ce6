namespace Microkernel.Core.Memory;

/// <summary>What a vCPU remembers of the address space tag it last ran with. The default value runs nowhere yet.</summary>
public struct AsidTag
{
    /// <summary>The tag; never 0, which is the host's own, once there is a stamp.</summary>
    internal uint Asid;

    /// <summary>The CPU the tag is valid on and that CPU's generation of tags; 0 means none.</summary>
    internal ulong Stamp;

    /// <summary>The domain's epoch when the tag was last used or flushed.</summary>
    internal ulong Epoch;
}
