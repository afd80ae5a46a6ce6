using System;
using System.Runtime.CompilerServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Memory;

/// <summary>
/// A domain's memory: its address space, its pool and the account of its pages. Each method takes
/// <see cref="Physmap.Lock"/> unless its caller holds it; while nobody holds it, every frame of guest memory that the
/// domain has is mapped once.
/// </summary>
public sealed class DomainMemory
{
    // Frames freed in a piece of teardown, and records looked at: scrubbing dominates the first, reading the second.
    private const int FreedPerPiece = 256;
    private const int RecordsPerPiece = 16384;

    // Frames by which a pool changes its size in a piece.
    private const int PoolPiece = 1024;

    private readonly HostMemory _host;
    private ulong _sweep;
    private ulong _claim;

    /// <summary>Creates the memory of a domain slot; start-up only.</summary>
    public DomainMemory(HostMemory host)
    {
        _host = host;
        Tlb = new GuestTlb(host.Machine, host.Cpus);
        Pool = new FramePool(host);
        Physmap = new Physmap(host, Pool, Tlb);
    }

    /// <summary>The domain that owns it; <see cref="FrameTable.Nobody"/> for an empty slot.</summary>
    public ushort Owner { get; private set; } = FrameTable.Nobody;

    /// <summary>Guest-physical address space.</summary>
    public Physmap Physmap { get; }

    /// <summary>Frames for page tables and per-domain structures.</summary>
    public FramePool Pool { get; }

    /// <summary>Flushes of its translations.</summary>
    public GuestTlb Tlb { get; }

    /// <summary>What the guest is told of its address space.</summary>
    public GuestMemoryMap Map { get; } = new();

    /// <summary>Frames of guest memory that the domain has.</summary>
    public ulong Pages { get; private set; }

    /// <summary>Frames of guest memory that it may have.</summary>
    public ulong MaxPages { get; set; }

    /// <summary>Free frames of the host that are promised to it.</summary>
    public ulong ClaimedPages => _claim;

    /// <summary>Other domains' pages that it maps; each holds a reference to its frame.</summary>
    public ulong ForeignPages { get; private set; }

    /// <summary>References to its own pages taken by <see cref="TryPin"/>.</summary>
    public ulong Pins { get; private set; }

    /// <summary>Its frames are being taken back.</summary>
    internal bool IsClosing => _sweep != 0;

    /// <summary>What the audit counted.</summary>
    internal AuditTally Tally { get; } = new();

    /// <summary>
    /// Gets a slot ready for a new domain: fills the pool, empty address space. False when the host is short; then
    /// <see cref="TeardownPiece"/> empties the slot again.
    /// </summary>
    public bool TryReset(ushort owner, ulong maxPages, int poolFrames)
    {
        using TicketLock.Holder held = Physmap.Lock.Hold();
        Owner = owner;
        MaxPages = maxPages;
        Pages = ForeignPages = Pins = _sweep = 0;
        Map.Clear();
        return Pool.TryFill(owner, poolFrames) && Physmap.TryReset();
    }

    /// <summary>
    /// XENMEM_claim_pages: free frames of the host are promised to the domain until it has <paramref name="pages"/> in all; 0 takes the
    /// promise back.
    /// </summary>
    /// <returns>0, EINVAL (a promise stands; it has more, or may not have so many) or ENOMEM.</returns>
    public long Claim(ulong pages)
    {
        using TicketLock.Holder held = Physmap.Lock.Hold();
        if (pages != 0 && (_claim != 0 || pages < Pages || pages > MaxPages || Physmap.Root == 0))
            return XenError.EINVAL;

        return _host.Allocator.TryClaim(pages == 0 ? 0 : pages - Pages, ref _claim) ? 0 : XenError.ENOMEM;
    }

    /// <summary>
    /// Brings the pool a bounded piece nearer to <paramref name="frames"/>; true when it has that size. <paramref name="result"/>: 0, ENOMEM
    /// (the host has no more) or EBUSY (the rest is in use).
    /// </summary>
    public bool ResizePool(int frames, out long result)
    {
        using TicketLock.Holder held = Physmap.Lock.Hold();
        int before = Pool.Size;
        int next = Math.Clamp(frames, before - PoolPiece, before + PoolPiece);
        result = Physmap.Root == 0 || !Pool.TryGrow(next) ? XenError.ENOMEM : 0;
        Pool.Shrink(next);
        result = Pool.Size > next ? XenError.EBUSY : result;
        return result != 0 || next == frames;
    }

    /// <summary>
    /// Gives the domain 2^<paramref name="order"/> (0, 9 or 18) zeroed frames at a page, in place of what was there.
    /// All or nothing.
    /// </summary>
    /// <returns>0, ENOMEM (its maximum, the host or its pool has no more) or EINVAL (range, a foreign page).</returns>
    public long Populate(ulong gfn, int order)
    {
        ulong count = 1UL << order;
        if ((gfn & (count - 1)) != 0 || order > Physmap.LargestOrder)
            return XenError.EINVAL;

        using TicketLock.Holder held = Physmap.Lock.Hold();
        if (Pages + count > MaxPages
            || !_host.Allocator.TryAllocate(order, Owner, FrameType.GuestRam, ref _claim, out ulong mfn))
        {
            return XenError.ENOMEM;
        }

        long result = Physmap.Map(gfn, mfn, order, NestedAccess.All, PageKind.Ram);
        if (result == XenError.EEXIST)
        {
            result = ClearRange(gfn, count);
            result = result != 0 ? result : Physmap.Map(gfn, mfn, order, NestedAccess.All, PageKind.Ram);
        }

        if (result != 0)
        {
            GiveUp(mfn, count);
            return result;
        }

        Pages += count;
        return 0;
    }

    /// <summary>
    /// Takes pages of guest memory away, one flush for all of them: each goes back to the host unless somebody refers
    /// to it. Stops at the first that is not the domain's memory.
    /// </summary>
    /// <returns>How many were removed.</returns>
    public int RemovePages(ReadOnlySpan<ulong> gfns)
    {
        Span<ulong> frames = stackalloc ulong[MemoryBatch.Size];
        using TicketLock.Holder held = Physmap.Lock.Hold();
        int removed = 0;
        while (removed < gfns.Length && TryUnmapRam(gfns[removed], out frames[removed]))
            removed++;

        Tlb.Shootdown();
        foreach (ulong mfn in frames.Slice(0, removed))
            GiveUp(mfn, 1);

        Pages -= (ulong)removed;
        return removed;
    }

    /// <summary>Takes 2^<paramref name="order"/> pages of guest memory away, all or nothing.</summary>
    /// <returns>0, EINVAL (not all are the domain's memory) or ENOMEM (the pool has no frames for a split).</returns>
    public long RemoveExtent(ulong gfn, int order)
    {
        ulong count = 1UL << order;
        using TicketLock.Holder held = Physmap.Lock.Hold();
        return HasRam(gfn, count) ? ClearRange(gfn, count) : XenError.EINVAL;
    }

    /// <summary>Removes what is mapped at a page; guest memory is given up.</summary>
    /// <returns>0, ENOENT (a hole), EINVAL (a foreign page: that is for the grant table) or ENOMEM.</returns>
    public long RemovePage(ulong gfn)
    {
        using TicketLock.Holder held = Physmap.Lock.Hold();
        return Physmap.TryLookup(gfn, out _) ? ClearRange(gfn, 1) : XenError.ENOENT;
    }

    /// <summary>
    /// Maps a shared frame of the pool at a page, in place of what was there and of where the frame was mapped before.
    /// </summary>
    /// <returns>0, EINVAL (range, a foreign page) or ENOMEM.</returns>
    public long MapShared(ulong gfn, ulong mfn)
    {
        using TicketLock.Holder held = Physmap.Lock.Hold();
        if (gfn >= uint.MaxValue)
            return XenError.EINVAL;

        long result = UnmapShared(mfn);
        result = result != 0 ? result : ClearRange(gfn, 1);
        result = result != 0 ? result : Physmap.Map(gfn, mfn, 0, NestedAccess.All, PageKind.Shared);
        if (result == 0)
            _host.Frames.SetLink(mfn, (uint)gfn + 1);

        return result;
    }

    /// <summary>
    /// Maps 2^<paramref name="order"/> frames that the core lends, or of a device, in place of what was there.
    /// </summary>
    /// <returns>0, EINVAL (range, a foreign page) or ENOMEM.</returns>
    public long MapLent(ulong gfn, ulong mfn, int order)
    {
        using TicketLock.Holder held = Physmap.Lock.Hold();
        if (gfn >= uint.MaxValue)
            return XenError.EINVAL;

        long result = ClearRange(gfn, 1UL << order);
        return result != 0 ? result : Physmap.Map(gfn, mfn, order, NestedAccess.All, PageKind.Lent);
    }

    /// <summary>Returns a shared frame to the pool, unmapped if its owner mapped it. 0 or ENOMEM.</summary>
    public long ReturnShared(ulong mfn)
    {
        using TicketLock.Holder held = Physmap.Lock.Hold();
        long result = UnmapShared(mfn);
        if (result == 0)
            Pool.Return(mfn);

        return result;
    }

    /// <summary>Moves a page of guest memory to another place, in place of what was there.</summary>
    /// <returns>0, EINVAL (not the domain's memory; a foreign page is in the way) or ENOMEM.</returns>
    public long MovePage(ulong from, ulong to)
    {
        using TicketLock.Holder held = Physmap.Lock.Hold();
        if (!HasRam(from, 1) || from == to)
            return from == to ? 0 : XenError.EINVAL;

        long result = ClearRange(to, 1);
        if (result != 0)
            return result;

        Physmap.TryLookup(from, out PhysmapEntry entry);
        result = Physmap.Map(to, entry.Mfn, 0, entry.Access, PageKind.Ram);
        if (result == 0 && (result = Physmap.Unmap(from, 0, out _)) != 0)
            Physmap.Unmap(to, 0, out _);

        Tlb.Shootdown();
        return result;
    }

    /// <summary>
    /// Maps another domain's frame, to which the caller has a reference that the mapping now holds, in place of what was
    /// there. The caller holds <see cref="Physmap.Lock"/>.
    /// </summary>
    /// <returns>0, EINVAL (range, another foreign page) or ENOMEM.</returns>
    public long MapForeign(ulong gfn, ulong mfn, bool isWritable)
    {
        long result;
        do
        {
            result = Physmap.MapForeign(gfn, mfn, isWritable);
        }
        while (result == XenError.EEXIST && (result = ClearRange(gfn, 1)) == 0);

        ForeignPages += result == 0 ? 1UL : 0;
        return result;
    }

    /// <summary>The same for the usual case. False says nothing but that <see cref="MapForeign"/> is to be called.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryMapForeign(ulong gfn, ulong mfn, bool isWritable)
    {
        if (!Physmap.TryMapForeign(gfn, mfn, isWritable))
            return false;

        ForeignPages++;
        return true;
    }

    /// <summary>
    /// Removes a mapping made by <see cref="MapForeign"/>. The caller holds <see cref="Physmap.Lock"/>, and later calls
    /// <see cref="GuestTlb.Shootdown"/> and then drops the reference.
    /// </summary>
    /// <returns>False: that frame is not mapped there so.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool UnmapForeign(ulong gfn, ulong mfn, bool isWritable)
    {
        if (!Physmap.UnmapForeign(gfn, mfn, isWritable))
            return false;

        ForeignPages--;
        return true;
    }

    /// <summary>Keeps a page of guest memory from being freed until <see cref="Unpin"/>; it stays mapped or not.</summary>
    public bool TryPin(ulong gfn, out ulong mfn)
    {
        using TicketLock.Holder held = Physmap.Lock.Hold();
        bool pinned = Physmap.TryLookup(gfn, out PhysmapEntry entry) && entry.Kind == PageKind.Ram
            && _host.Frames.TryReference(entry.Mfn, Owner);
        mfn = entry.Mfn;
        Pins += pinned ? 1UL : 0;
        return pinned;
    }

    /// <summary>Drops a reference taken by <see cref="TryPin"/>.</summary>
    public void Unpin(ulong mfn)
    {
        using TicketLock.Holder held = Physmap.Lock.Hold();
        Pins--;
        _host.Allocator.Release(mfn);
    }

    /// <summary>
    /// Does a bounded piece of taking a dead domain's memory back; true when all is done. Its vCPUs run no more, and its
    /// grant mappings and pins are gone. A frame that others map goes with their last reference.
    /// </summary>
    public bool TeardownPiece()
    {
        using TicketLock.Holder held = Physmap.Lock.Hold();
        if (_sweep == 0)
        {
            Physmap.Close();
            Tlb.Shootdown();
            Pool.Abandon();
            _host.Allocator.TryClaim(0, ref _claim);
            Pages = 0;
        }

        int freed = 0;
        ulong end = Math.Min(_host.Frames.FrameCount, _sweep + RecordsPerPiece);
        while (freed < FreedPerPiece && (_sweep = _host.Frames.NextHeld(_sweep, end, Owner)) < end)
        {
            _host.Allocator.GiveUp(_sweep++);
            freed++;
        }

        bool done = _sweep == _host.Frames.FrameCount;
        Owner = done ? FrameTable.Nobody : Owner;
        return done;
    }

    private bool HasRam(ulong gfn, ulong count)
    {
        if (gfn >= Physmap.GfnLimit)
            return false;

        ulong end = gfn + count;
        while (gfn < end)
        {
            if (!Physmap.TryLookup(gfn, out PhysmapEntry entry) || entry.Kind != PageKind.Ram)
                return false;

            gfn = (gfn | (1UL << entry.Order) - 1) + 1;
        }

        return true;
    }

    // Empties pages, in the largest pieces that the table has. Fails before it changes anything, unless the pool runs
    // empty meanwhile.
    private long ClearRange(ulong gfn, ulong count)
    {
        // A range is cut out of larger pages at its two ends at most, with two new tables each.
        if (Pool.FreeCount < 4)
            return XenError.ENOMEM;

        ulong end = gfn + count;
        for (ulong page = gfn; page < end;)
        {
            if (Physmap.TryLookup(page, out PhysmapEntry entry) && entry.Kind == PageKind.Foreign)
                return XenError.EINVAL;

            page = (page | (1UL << entry.Order) - 1) + 1;
        }

        while (gfn < end)
        {
            Physmap.TryLookup(gfn, out PhysmapEntry entry);
            int order = entry.Order;
            while ((gfn & (1UL << order) - 1) != 0 || end - gfn < 1UL << order)
                order -= FrameAllocator.Order2M;

            long result = Clear(gfn, order);
            if (result is not (0 or XenError.ENOENT))
                return result;

            gfn += 1UL << order;
        }

        return 0;
    }

    private long Clear(ulong gfn, int order)
    {
        long result = Physmap.Unmap(gfn, order, out PhysmapEntry removed);
        if (result != 0)
            return result;

        Tlb.Shootdown();
        if (removed.Kind is PageKind.Shared or PageKind.Lent)
        {
            if (removed.Kind == PageKind.Shared)
                _host.Frames.SetLink(removed.Mfn, 0);

            return 0;
        }

        GiveUp(removed.Mfn, 1UL << order);
        Pages -= 1UL << order;
        return 0;
    }

    private bool TryUnmapRam(ulong gfn, out ulong mfn)
    {
        mfn = 0;
        if (!Physmap.TryLookup(gfn, out PhysmapEntry entry) || entry.Kind != PageKind.Ram)
            return false;

        mfn = entry.Mfn;
        return Physmap.Unmap(gfn, 0, out _) == 0;
    }

    private long UnmapShared(ulong mfn)
    {
        uint link = _host.Frames.Link(mfn);
        return link == 0 ? 0 : ClearRange(link - 1, 1);
    }

    private void GiveUp(ulong mfn, ulong count)
    {
        for (ulong i = 0; i < count; i++)
            _host.Allocator.GiveUp(mfn + i);
    }
}
