using System.Runtime.CompilerServices;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Memory;

/// <summary>
/// The host's free frames, as blocks of 4 KiB, 2 MiB and 1 GiB (orders 0, 9 and 18), one bitmap each. The lowest
/// fitting block is taken, larger ones are split when needed, and neighbours merge when all 512 are free again.
/// A frame that was freed is scrubbed before it gets here; one that is as the firmware left it, before it leaves.
/// </summary>
public sealed class FrameAllocator
{
    /// <summary>log2 of the frames in a 2 MiB block.</summary>
    public const int Order2M = 9;

    /// <summary>log2 of the frames in a 1 GiB block.</summary>
    public const int Order1G = 18;

    private const int GroupSize = 512;

    private readonly FrameTable _frames;
    private readonly PhysicalMemory _memory;
    private readonly TicketLock _lock = new();

    // Index 0: 4 KiB, 1: 2 MiB, 2: 1 GiB. A frame is in one of them at most.
    private readonly FrameBitmap[] _free;

    // Index 0: the 2 MiB groups with a free 4 KiB block, 1: the 1 GiB groups with a free 2 MiB block.
    private readonly FrameBitmap[] _partial;

    /// <summary>Creates an allocator without free frames for the frames that <paramref name="frames"/> knows.</summary>
    public FrameAllocator(FrameTable frames, PhysicalMemory memory)
    {
        _frames = frames;
        _memory = memory;
        int huge = ((int)frames.FrameCount >> Order1G) + 1;
        _free = [new(huge << Order1G), new(huge << Order2M), new(huge)];
        _partial = [new(huge << Order2M), new(huge)];
    }

    /// <summary>Number of free frames.</summary>
    public ulong FreeFrames { get; private set; }

    /// <summary>Free frames that are promised to domains (XENMEM_claim_pages).</summary>
    public ulong Claimed { get; private set; }

    /// <summary>
    /// Promises <paramref name="count"/> free frames, instead of the <paramref name="claim"/> so far: nobody else gets them. False, with
    /// nothing changed, when there are not so many.
    /// </summary>
    public bool TryClaim(ulong count, ref ulong claim)
    {
        using TicketLock.Holder held = _lock.Hold();
        if (count > claim && count - claim > FreeFrames - Claimed)
            return false;

        Claimed = Claimed - claim + count;
        claim = count;
        return true;
    }

    /// <summary>Adds frames of the memory map that nobody uses. Their content is unknown. Frame 0, which means none in places, is left out.</summary>
    public void AddFree(ulong first, ulong count)
    {
        if (first == 0)
        {
            first++;
            count--;
        }

        _frames.MarkFree(first, (int)count);
        using TicketLock.Holder held = _lock.Hold();
        ulong end = first + count;
        while (first < end)
        {
            int rank = LargestRank(first, end - first);
            Insert(rank, (int)(first >> rank * 9));
            first += 1UL << rank * 9;
        }
    }

    /// <summary>
    /// Takes a block of 2^<paramref name="order"/> (0, 9 or 18) zeroed frames for <paramref name="owner"/>. False when
    /// there is none of that size that is not promised.
    /// </summary>
    public bool TryAllocate(int order, ushort owner, FrameType type, out ulong mfn)
    {
        ulong claim = 0;
        return TryAllocate(order, owner, type, ref claim, out mfn);
    }

    /// <summary>The same; what is promised to the owner counts, and is used up.</summary>
    public bool TryAllocate(int order, ushort owner, FrameType type, ref ulong claim, out ulong mfn)
    {
        int rank = order / 9;
        int block = -1;
        using (_lock.Hold())
        {
            ulong promised = claim < 1UL << order ? claim : 1UL << order;
            if ((1UL << order) - promised <= FreeFrames - Claimed)
                block = Take(rank);

            if (block >= 0)
            {
                claim -= promised;
                Claimed -= promised;
            }
        }

        mfn = (ulong)block << order;
        if (block < 0)
            return false;

        if (_frames.Assign(mfn, 1 << order, owner, type))
            _memory.Zero(mfn, 1 << order);

        return true;
    }

    /// <summary>The owner gives a frame up. It is free once nobody else refers to it either.</summary>
    public void GiveUp(ulong mfn)
    {
        if (_frames.DropHold(mfn))
            Reclaim(mfn);
    }

    /// <summary>Drops a reference taken with <see cref="FrameTable.TryReference"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Release(ulong mfn)
    {
        if (_frames.DropReference(mfn))
            Reclaim(mfn);
    }

    /// <summary>The frame is in one of the free blocks.</summary>
    internal bool IsFree(ulong mfn)
    {
        for (int rank = 0; rank < _free.Length; rank++)
        {
            if (_free[rank].Contains((int)(mfn >> rank * 9)))
                return true;
        }

        return false;
    }

    private static int LargestRank(ulong first, ulong count)
    {
        for (int rank = 2; rank > 0; rank--)
        {
            ulong size = 1UL << rank * 9;
            if ((first & size - 1) == 0 && count >= size)
                return rank;
        }

        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Reclaim(ulong mfn)
    {
        _memory.Zero(mfn, 1);
        _frames.MarkScrubbed(mfn);
        using TicketLock.Holder held = _lock.Hold();
        Insert(0, (int)mfn);
    }

    private void Insert(int rank, int block)
    {
        FreeFrames += 1UL << rank * 9;
        _free[rank].Add(block);
        while (rank < 2)
        {
            int group = block / GroupSize;
            if (!_free[rank].IsGroupFull(group))
            {
                if (!_partial[rank].Contains(group))
                    _partial[rank].Add(group);

                return;
            }

            _free[rank].RemoveGroup(group);
            _partial[rank].Remove(group);
            block = group;
            _free[++rank].Add(block);
        }
    }

    private int Take(int rank)
    {
        int block = FindFirst(rank);
        if (block < 0)
        {
            block = rank < 2 ? Split(rank) : -1;
            if (block < 0)
                return -1;
        }

        _free[rank].Remove(block);
        if (rank < 2 && _free[rank].IsGroupEmpty(block / GroupSize))
            _partial[rank].Remove(block / GroupSize);

        FreeFrames -= 1UL << rank * 9;
        return block;
    }

    private int FindFirst(int rank)
    {
        if (rank == 2)
            return _free[2].FindFirst();

        int group = _partial[rank].FindFirst();
        return group < 0 ? -1 : _free[rank].FindInGroup(group);
    }

    // Turns a free block of the next size into 512 of this size and returns the first of them.
    private int Split(int rank)
    {
        int larger = Take(rank + 1);
        if (larger < 0)
            return -1;

        FreeFrames += 1UL << (rank + 1) * 9;
        _free[rank].AddGroup(larger);
        _partial[rank].Add(larger);
        return larger * GroupSize;
    }
}
