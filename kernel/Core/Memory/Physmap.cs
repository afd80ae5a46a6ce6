using System;
using System.Runtime.CompilerServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Memory;

/// <summary>
/// A domain's physical address space (p2m): its nested page table. The caller of every method holds <see cref="Lock"/>.
/// The table's frames come from the domain's pool. Larger pages are split when a part of them changes; an empty table
/// makes room for a larger page, others are kept. Whoever removes a page calls <see cref="GuestTlb.Shootdown"/> before
/// the frame is released.
/// </summary>
public sealed class Physmap
{
    private const int EntriesPerTable = 512;
    private const int BitsPerLevel = 9;
    private const int KindShift = 52;
    private const ulong KindMask = 3UL << KindShift;
    private const int CacheSize = 8;
    private const int GenerationBits = 48;
    private const NestedAccess ForeignReadOnly = NestedAccess.Read | NestedAccess.Execute;

    private readonly PhysicalMemory _memory;
    private readonly PageTableFormat _format;
    private readonly FramePool _pool;
    private readonly GuestTlb _tlb;

    // The 4 KiB-level tables walked last: region (gfn >> 9) + 1 and frame.
    private readonly (ulong Region, ulong Table)[] _cached = new (ulong, ulong)[CacheSize];

    /// <summary>Creates the address space of a domain slot; <see cref="TryReset"/> gives it a table.</summary>
    public Physmap(HostMemory host, FramePool pool, GuestTlb tlb)
    {
        _memory = host.Memory;
        _format = host.Format;
        _pool = pool;
        _tlb = tlb;
        Generation = ++host.AddressSpaces << GenerationBits;
    }

    /// <summary>Held while the table is read or changed and while a frame found in it is touched.</summary>
    public TicketLock Lock { get; } = new();

    /// <summary>Frame of the root table.</summary>
    public ulong Root { get; private set; }

    /// <summary>
    /// Grows whenever a page of the domain's own is removed: what was looked up before may be wrong. Foreign pages come
    /// and go without it: who remembers translations leaves them out. No two address spaces have one in common.
    /// </summary>
    public ulong Generation { get; private set; }

    /// <summary>The highest page ever mapped.</summary>
    public ulong MaxGfn { get; private set; }

    /// <summary>log2 of the frames in the largest page: 9 or 18.</summary>
    public int LargestOrder => (_format.LargestLeafLevel - 1) * BitsPerLevel;

    /// <summary>First page number outside of what a table can map.</summary>
    public ulong GfnLimit => 1UL << (_format.Levels * BitsPerLevel);

    /// <summary>The address space ends: every page is a hole from now on. Its tables go with the domain's pool.</summary>
    internal void Close()
    {
        Generation++;
        Root = 0;
        ForgetTables();
    }

    /// <summary>Takes the root from the pool and starts empty; false when the pool is empty.</summary>
    public bool TryReset()
    {
        Generation++;
        MaxGfn = 0;
        ForgetTables();
        bool taken = _pool.TryTake(out ulong root);
        Root = root;
        return taken;
    }

    /// <summary>Finds the page <paramref name="gfn"/>; false for a hole, of which only the size is said.</summary>
    public bool TryLookup(ulong gfn, out PhysmapEntry entry)
    {
        ulong value = ReadLeaf(gfn, out int level);
        entry = default;
        entry.Order = (level - 1) * BitsPerLevel;
        if (!_format.IsPresent(value))
            return false;

        ulong offset = gfn & (1UL << entry.Order) - 1;
        entry.Mfn = _format.Mfn(value) + offset;
        entry.Access = _format.Access(value);
        entry.Kind = KindOf(value);
        return true;
    }

    /// <summary>Finds the frame behind page <paramref name="gfn"/>; false for a hole.</summary>
    public bool TryLookup(ulong gfn, out ulong mfn, out NestedAccess access)
    {
        bool found = TryLookup(gfn, out PhysmapEntry entry);
        mfn = entry.Mfn;
        access = entry.Access;
        return found;
    }

    /// <summary>Maps 2^<paramref name="order"/> (0, 9 or 18) frames where nothing is mapped.</summary>
    /// <returns>0, EINVAL (alignment, range, size), EEXIST (something is mapped) or ENOMEM (the pool is empty).</returns>
    public long Map(ulong gfn, ulong mfn, int order, NestedAccess access, PageKind kind)
    {
        ulong last = gfn + (1UL << order) - 1;
        int level = order / BitsPerLevel + 1;
        if (last >= GfnLimit || ((gfn | mfn) & (1UL << order) - 1) != 0 || level > _format.LargestLeafLevel
            || Root == 0)
        {
            return XenError.EINVAL;
        }

        long result = Descend(gfn, level, out ulong table);
        if (result != 0)
            return result;

        ulong leaf = _format.Leaf(mfn, level, access) | (ulong)kind << KindShift;
        ulong old = ReadEntry(Place(table, gfn, level));
        if (_format.IsPresent(old) && (_format.IsLeaf(old, level) || !IsEmpty(_format.Mfn(old))))
            return XenError.EEXIST;

        WriteEntry(Place(table, gfn, level), leaf);
        MaxGfn = last > MaxGfn ? last : MaxGfn;
        if (_format.IsPresent(old))
            ReturnTable(_format.Mfn(old));

        return 0;
    }

    /// <summary>Maps a foreign frame where nothing is mapped; errors as <see cref="Map"/>.</summary>
    public long MapForeign(ulong gfn, ulong mfn, bool isWritable) =>
        Map(gfn, mfn, 0, isWritable ? NestedAccess.All : ForeignReadOnly, PageKind.Foreign);

    /// <summary>The same where the table was used lately. False says nothing but that <see cref="MapForeign"/> is to be called.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryMapForeign(ulong gfn, ulong mfn, bool isWritable)
    {
        ref (ulong Region, ulong Table) cached = ref Cached(gfn);
        if (cached.Region != (gfn >> BitsPerLevel) + 1 || gfn > MaxGfn)
            return false;

        return _memory.CompareExchange(Place(cached.Table, gfn, 1), ForeignLeaf(mfn, isWritable), 0) == 0;
    }

    /// <summary>
    /// Removes 2^<paramref name="order"/> pages that one entry maps, of this or a larger size (which is split).
    /// </summary>
    /// <returns>0, ENOENT (a hole, or smaller pages), EINVAL or ENOMEM (the pool is empty, a split needs a frame).</returns>
    public long Unmap(ulong gfn, int order, out PhysmapEntry removed)
    {
        removed = default;
        int level = order / BitsPerLevel + 1;
        if (gfn >= GfnLimit || (gfn & (1UL << order) - 1) != 0)
            return XenError.EINVAL;

        if (!TryLookup(gfn, out removed) || removed.Order < order)
            return XenError.ENOENT;

        long result = Descend(gfn, level, out ulong table);
        if (result == 0)
        {
            removed.Order = order;
            WriteEntry(Place(table, gfn, level), 0);
            Generation++;
        }

        return result;
    }

    /// <summary>Removes a foreign page if it maps this frame with these rights; false if it does not.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool UnmapForeign(ulong gfn, ulong mfn, bool isWritable)
    {
        ref (ulong Region, ulong Table) cached = ref Cached(gfn);
        return cached.Region == (gfn >> BitsPerLevel) + 1 ? TryClear(cached.Table, gfn, ForeignLeaf(mfn, isWritable))
            : WalkAndUnmapForeign(gfn, mfn, isWritable);
    }

    /// <summary>The kind in a present leaf entry.</summary>
    internal static PageKind KindOf(ulong entry) => (PageKind)((entry & KindMask) >> KindShift);

    // Physical address of the entry for a page in a table of some level.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Place(ulong table, ulong gfn, int level) => (table << PhysicalMemory.FrameShift)
        + ((gfn >> (level - 1) * BitsPerLevel & EntriesPerTable - 1) * sizeof(ulong));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong ForeignLeaf(ulong mfn, bool isWritable) => (ulong)PageKind.Foreign << KindShift
        | (isWritable ? _format.Leaf(mfn, 1, NestedAccess.All) : _format.Leaf(mfn, 1, ForeignReadOnly));

    private ulong ReadEntry(ulong place)
    {
        ulong entry = _memory.Open<ulong>(place);
        _memory.Unmap();
        return entry;
    }

    private void WriteEntry(ulong place, ulong value)
    {
        _memory.Open<ulong>(place) = value;
        _memory.Unmap();
    }

    // The leaf entry for a page, or the absent entry where the walk ends.
    private ulong ReadLeaf(ulong gfn, out int level)
    {
        level = 1;
        ulong table = FindTable(gfn);
        if (table == 0)
        {
            if (gfn >= GfnLimit || Root == 0)
                return 0;

            table = Root;
            for (level = _format.Levels; level > 1; level--)
            {
                ulong entry = ReadEntry(Place(table, gfn, level));
                if (!_format.IsPresent(entry) || _format.IsLeaf(entry, level))
                    return entry;

                table = _format.Mfn(entry);
            }

            Remember(gfn, table);
        }

        return ReadEntry(Place(table, gfn, 1));
    }

    // Finds the table of the given level for a page; makes missing ones and splits larger pages on the way.
    private long Descend(ulong gfn, int target, out ulong table)
    {
        table = target == 1 ? FindTable(gfn) : 0;
        if (table != 0)
            return 0;

        table = Root;
        for (int level = _format.Levels; level > target; level--)
        {
            ulong place = Place(table, gfn, level);
            ulong entry = ReadEntry(place);
            if (_format.IsPresent(entry) && !_format.IsLeaf(entry, level))
            {
                table = _format.Mfn(entry);
                continue;
            }

            if (!_pool.TryTake(out ulong child))
                return XenError.ENOMEM;

            SplitInto(child, entry, level);
            WriteEntry(place, _format.Table(child));
            table = child;
        }

        if (target == 1)
            Remember(gfn, table);

        return 0;
    }

    // A lookup leaves the table where FindTable looks, if there is one.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool WalkAndUnmapForeign(ulong gfn, ulong mfn, bool isWritable)
    {
        TryLookup(gfn, out _);
        ulong table = FindTable(gfn);
        return table != 0 && TryClear(table, gfn, ForeignLeaf(mfn, isWritable));
    }

    private bool TryClear(ulong table, ulong gfn, ulong leaf) => _memory.CompareExchange(Place(table, gfn, 1), 0, leaf) == leaf;

    // The table with the entry of a page, if it was walked lately; otherwise 0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong FindTable(ulong gfn)
    {
        ref (ulong Region, ulong Table) cached = ref Cached(gfn);
        return cached.Region == (gfn >> BitsPerLevel) + 1 ? cached.Table : 0;
    }

    private void Remember(ulong gfn, ulong table) => Cached(gfn) = ((gfn >> BitsPerLevel) + 1, table);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref (ulong Region, ulong Table) Cached(ulong gfn) => ref _cached[(int)(gfn >> BitsPerLevel) & CacheSize - 1];

    // Fills a table so that it means the same as the entry it replaces.
    private void SplitInto(ulong table, ulong entry, int level)
    {
        if (!_format.IsPresent(entry))
            return;

        using FrameView view = new(_memory, table);
        Span<ulong> entries = view.As<ulong>();
        ulong size = 1UL << (level - 2) * BitsPerLevel;
        ulong mfn = _format.Mfn(entry);
        NestedAccess access = _format.Access(entry);
        for (int i = 0; i < entries.Length; i++)
            entries[i] = _format.Leaf(mfn + (ulong)i * size, level - 1, access) | entry & KindMask;
    }

    private bool IsEmpty(ulong table)
    {
        using FrameView view = new(_memory, table);
        foreach (ulong entry in view.As<ulong>())
        {
            if (entry != 0)
                return false;
        }

        return true;
    }

    // A CPU may still hold a pointer to the table in its walk caches: it is flushed out before the frame is used again.
    private void ReturnTable(ulong table)
    {
        ForgetTables();
        _tlb.Shootdown();
        _pool.Return(table);
    }

    private void ForgetTables() => _cached.AsSpan().Clear();
}
