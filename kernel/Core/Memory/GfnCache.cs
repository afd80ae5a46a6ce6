using System;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Memory;

/// <summary>
/// A vCPU's last translations of guest pages to frames, so that a walk of the guest's tables costs few walks of the nested
/// one. Good as long as the address space's generation stands. The caller of every method holds <see cref="Physmap.Lock"/>.
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
        if (_pages[slot] != gfn + 1)
        {
            if (!physmap.TryLookup(gfn, out mfn, out NestedAccess access))
            {
                writable = false;
                return false;
            }

            frame = mfn | ((access & NestedAccess.Write) != 0 ? Writable : 0);
            _pages[slot] = gfn + 1;
            _frames[slot] = frame;
        }

        mfn = frame & ~Writable;
        writable = (frame & Writable) != 0;
        return true;
    }
}
