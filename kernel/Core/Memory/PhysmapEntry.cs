using Microkernel.Core.Hardware;

namespace Microkernel.Core.Memory;

/// <summary>A page of a domain's physical address space.</summary>
public struct PhysmapEntry
{
    /// <summary>The frame behind the page that was asked for.</summary>
    public ulong Mfn;

    /// <summary>log2 of the frames that the entry maps: 0, 9 or 18. Of a hole: of the aligned pages around it that are one, too.</summary>
    public int Order;

    /// <summary>What the guest may do with it.</summary>
    public NestedAccess Access;

    /// <summary>What it is.</summary>
    public PageKind Kind;
}
