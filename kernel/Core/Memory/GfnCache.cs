using System;
using System.Runtime.CompilerServices;
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
    private const ulong Foreign = 1UL << 62;

    private readonly Entry[] _entries = new Entry[Size];
    private ulong _generation;

    /// <summary>The number in what <see cref="Find"/> returns.</summary>
    public static ulong Mfn(ulong frame) => frame & ~(Writable | Foreign);

    /// <summary>Whether the guest may write what <see cref="Find"/> returns.</summary>
    public static bool IsWritable(ulong frame) => (frame & Writable) != 0;

    /// <summary>Whether what <see cref="Find"/> returns is another domain's, and must not be remembered.</summary>
    public static bool IsForeign(ulong frame) => (frame & Foreign) != 0;

    /// <summary>Forgets everything if the address space has changed. Called before <see cref="Find"/>, once for one hold of the lock.</summary>
    public void Refresh(Physmap physmap)
    {
        if (_generation != physmap.Generation)
        {
            _entries.AsSpan().Clear();
            _generation = physmap.Generation;
        }
    }

    /// <summary>The frame behind page <paramref name="gfn"/> and its rights; 0 for a hole.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Find(Physmap physmap, ulong gfn)
    {
        ref Entry entry = ref _entries[(int)(gfn ^ (gfn >> 9)) & (Size - 1)];
        return entry.Page == gfn + 1 ? entry.Frame : Fill(physmap, gfn, ref entry);
    }

    private static ulong Fill(Physmap physmap, ulong gfn, ref Entry entry)
    {
        // What is lent may be a device, which the core does not touch for a guest.
        if (!physmap.TryLookup(gfn, out PhysmapEntry found) || found.Kind == PageKind.Lent)
            return 0;

        ulong frame = found.Mfn | ((found.Access & NestedAccess.Write) != 0 ? Writable : 0);
        if (found.Kind == PageKind.Foreign)
            return frame | Foreign;

        entry.Page = gfn + 1;
        entry.Frame = frame;
        return frame;
    }

    // The page is stored plus one, so that 0 is empty.
    private struct Entry
    {
        public ulong Page;
        public ulong Frame;
    }
}
