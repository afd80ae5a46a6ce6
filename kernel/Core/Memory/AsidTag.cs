namespace Microkernel.Core.Memory;

/// <summary>What a vCPU remembers of the address space tag it last ran with. The default value runs nowhere yet.</summary>
public struct AsidTag
{
    /// <summary>The physical CPU the tag is valid on.</summary>
    internal int Cpu;

    /// <summary>The tag; 0 (the host's own) means none.</summary>
    internal uint Asid;

    /// <summary>That CPU's generation of tags.</summary>
    internal ulong Generation;

    /// <summary>The domain's epoch when the tag was last used or flushed.</summary>
    internal ulong Epoch;
}
