using System;

namespace Microkernel.Core.Hardware;

/// <summary>
/// How the CPU wants an entry of a nested page table. Tables have 512 entries of 8 bytes; level 1 maps 4 KiB,
/// level 2 2 MiB, level 3 1 GiB. Bits 52 to 55 of a present entry belong to the core: an implementation leaves them 0
/// and ignores them, and so does the CPU. An entry of 0 is not present.
/// </summary>
public abstract class PageTableFormat
{
    /// <summary>Levels of a walk from the root: 4.</summary>
    public abstract int Levels { get; }

    /// <summary>The highest level whose entries may be leaves: 2 or 3 (1 GiB pages).</summary>
    public abstract int LargestLeafLevel { get; }

    /// <summary>An entry that maps <paramref name="mfn"/> at <paramref name="level"/>.</summary>
    public abstract ulong Leaf(ulong mfn, int level, NestedAccess access);

    /// <summary>An entry that points to the next table.</summary>
    public abstract ulong Table(ulong mfn);

    /// <summary>The entry maps or points to something.</summary>
    public abstract bool IsPresent(ulong entry);

    /// <summary>The (present) entry at <paramref name="level"/> is a leaf.</summary>
    public abstract bool IsLeaf(ulong entry, int level);

    /// <summary>The frame in a present entry.</summary>
    public abstract ulong Mfn(ulong entry);

    /// <summary>What a leaf allows.</summary>
    public abstract NestedAccess Access(ulong entry);
}
