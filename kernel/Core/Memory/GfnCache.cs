using System;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Memory;

/// <summary>
/// A vCPU's last translations of guest pages to frames, so that a walk of the guest's tables costs few walks of the nested
/// one. Good as long as the address space's generation stands; foreign pages, which it does not cover, are looked up each
/// time. The caller of every method holds <see cref="Physmap.Lock"/>.
/// </summary>
public sealed class GfnCache
{
    private const int Size = 32;
    private const ulong Writable = 1UL << 63;

    // gfn + 1, so that 0 is empty; frame number and Writable.
    private readonly ulong[] _pages = new ulong[Size];
    private readonly ulong[] _frames = new ulong[Size];
    private ulong _generation;

    /// <summary>The frame behind page <paramref name="gfn"/> and whether the guest may write it; false for a hole.</summary>
    public bool TryTranslate(Physmap physmap, ulong gfn, out ulong mfn, out bool writable)
    {
        int slot = (int)(gfn ^ (gfn >> 9)) & (Size - 1);
        if (_generation != physmap.Generation)
        {
            _pages.AsSpan().Clear();
            _generation = physmap.Generation;
        }

        ulong frame = _frames[slot];
        if (_pages[slot] != gfn + 1 && !TryFill(physmap, gfn, slot, out frame))
        {
            mfn = 0;
            writable = false;
            return false;
        }

        mfn = frame & ~Writable;
        writable = (frame & Writable) != 0;
        return true;
    }

    private bool TryFill(Physmap physmap, ulong gfn, int slot, out ulong frame)
    {
        if (!physmap.TryLookup(gfn, out PhysmapEntry entry))
        {
            frame = 0;
            return false;
        }

        frame = entry.Mfn | ((entry.Access & NestedAccess.Write) != 0 ? Writable : 0);
        if (entry.Kind != PageKind.Foreign)
        {
            _pages[slot] = gfn + 1;
            _frames[slot] = frame;
        }

        return true;
    }
}
