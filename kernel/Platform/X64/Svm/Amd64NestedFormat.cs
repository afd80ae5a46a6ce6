using System.Runtime.CompilerServices;
using Microkernel.Core.Hardware;

namespace Microkernel.Platform.Svm;

/// <summary>
/// Nested page tables in the format of ordinary long-mode page tables (AMD APM vol. 2, 15.25.5). The CPU walks them with
/// user rights, so every entry has the user bit; accessed and dirty are preset, which saves it the writes.
/// </summary>
internal sealed class Amd64NestedFormat(bool hasPages1G) : PageTableFormat
{
    private const ulong Present = 1 << 0;
    private const ulong Writable = 1 << 1;
    private const ulong User = 1 << 2;
    private const ulong Accessed = 1 << 5;
    private const ulong Dirty = 1 << 6;
    private const ulong Large = 1 << 7;
    private const ulong NoExecute = 1UL << 63;
    private const ulong FrameMask = 0x000F_FFFF_FFFF_F000;

    /// <inheritdoc/>
    public override int Levels => 4;

    /// <inheritdoc/>
    public override int LargestLeafLevel => hasPages1G ? 3 : 2;

    // Reading and writing are the same bits here and there.

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public override ulong Leaf(ulong mfn, int level, NestedAccess access) =>
        mfn << PhysicalMemory.FrameShift | User | Accessed | Dirty
        | ((ulong)access & (Present | Writable))
        | ((access & NestedAccess.Execute) != 0 ? 0 : NoExecute)
        | (level > 1 ? Large : 0);

    /// <inheritdoc/>
    public override ulong Table(ulong mfn) => mfn << PhysicalMemory.FrameShift | Present | Writable | User | Accessed;

    /// <inheritdoc/>
    public override bool IsPresent(ulong entry) => (entry & Present) != 0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public override bool IsLeaf(ulong entry, int level) => level == 1 || (entry & Large) != 0;

    /// <inheritdoc/>
    public override ulong Mfn(ulong entry) => (entry & FrameMask) >> PhysicalMemory.FrameShift;

    /// <inheritdoc/>
    public override NestedAccess Access(ulong entry) =>
        (NestedAccess)(entry & (Present | Writable))
        | ((entry & NoExecute) != 0 ? 0 : NestedAccess.Execute);
}
