using System;
using System.Runtime.CompilerServices;
using System.Threading;

namespace Microkernel.Core.Memory;

/// <summary>
/// One 8-byte record per physical frame, the only truth about who owns it. Records change by compare-exchange alone.
/// <code>
/// 63             32 31    23   22    21    20   19  16 15       0
/// | references     |    0   |seen |dirty|held |  type | owner    |
/// </code>
/// <em>held</em>: the owner has not given the frame up. A frame goes back to the allocator when it is neither held nor
/// referenced (foreign mappings, pins). Only guest memory is referenced: for a pool's free frame the upper half links to
/// the next one, for a shared frame it says where its owner maps it.
/// </summary>
public sealed class FrameTable
{
    /// <summary>Owner of frames that belong to no domain: DOMID_INVALID (xen.h).</summary>
    public const ushort Nobody = 0x7FF4;

    private const int TypeShift = 16;
    private const ulong TypeMask = 0xFUL << TypeShift;
    private const ulong Held = 1UL << 20;
    private const ulong Dirty = 1UL << 21;
    private const ulong Seen = 1UL << 22;
    private const int CountShift = 32;
    private const ulong OneReference = 1UL << CountShift;
    private const ulong CountMask = ulong.MaxValue << CountShift;

    private readonly ulong[] _records;

    /// <summary>Creates the records of frames 0 to <paramref name="frameCount"/> - 1, all reserved.</summary>
    public FrameTable(int frameCount)
    {
        _records = new ulong[frameCount];
        Fill(0, frameCount, FrameType.Reserved, 0);
    }

    /// <summary>Number of frames with a record.</summary>
    public ulong FrameCount => (ulong)_records.Length;

    /// <summary>Owner of a frame; <see cref="Nobody"/> if no domain's.</summary>
    public ushort Owner(ulong mfn) => (ushort)Read(mfn);

    /// <summary>Use of a frame; reserved for one without record.</summary>
    public FrameType Type(ulong mfn) => mfn < FrameCount ? TypeOf(Read(mfn)) : FrameType.Reserved;

    /// <summary>References to a frame besides its owner's hold.</summary>
    public uint References(ulong mfn) => (uint)(Read(mfn) >> CountShift);

    /// <summary>The owner has not given the frame up.</summary>
    public bool IsHeld(ulong mfn) => (Read(mfn) & Held) != 0;

    /// <summary>
    /// Takes a reference that keeps a frame of guest memory alive, provided that it belongs to <paramref name="owner"/>
    /// and is still held. False too when the count would overflow.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryReference(ulong mfn, ushort owner)
    {
        ulong[] records = _records;
        if (mfn >= (ulong)records.Length)
            return false;

        ref ulong record = ref records[(int)mfn];
        uint wanted = (uint)Compose(owner, FrameType.GuestRam, Held);
        while (true)
        {
            ulong old = Volatile.Read(ref record);
            ulong next = old + OneReference;
            if ((uint)old != wanted || next < old)
                return false;

            if (Interlocked.CompareExchange(ref record, next, old) == old)
                return true;
        }
    }

    /// <summary>Marks frames as the core's own.</summary>
    public void MarkCore(ulong first, int count) => Fill(first, count, FrameType.Core, Held);

    /// <summary>Marks frames as free with unknown content.</summary>
    internal void MarkFree(ulong first, int count) => Fill(first, count, FrameType.Free, Dirty);

    /// <summary>Gives free frames to an owner; true when one of them has to be scrubbed first.</summary>
    internal bool Assign(ulong first, int count, ushort owner, FrameType type)
    {
        ulong seen = 0;
        ulong value = Compose(owner, type, Held);
        foreach (ref ulong record in _records.AsSpan((int)first, count))
        {
            seen |= record;
            if (TypeOf(record) != FrameType.Free)
                Invariant.Broken("a frame in the allocator is not free");

            record = value;
        }

        return (seen & Dirty) != 0;
    }

    /// <summary>Drops a reference; true when it was the last claim on the frame, which is then to be scrubbed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool DropReference(ulong mfn)
    {
        ref ulong record = ref Record(mfn);
        while (true)
        {
            ulong old = Volatile.Read(ref record);
            ulong left = old - OneReference;
            if (left > old)
                Invariant.Broken("a reference was dropped twice");

            ulong next = (left & (Held | CountMask)) == 0 ? Unowned(FrameType.Scrubbing) : left;
            if (Interlocked.CompareExchange(ref record, next, old) == old)
                return next == Unowned(FrameType.Scrubbing);
        }
    }

    /// <summary>Ends the owner's hold; true when it was the last claim on the frame, which is then to be scrubbed.</summary>
    internal bool DropHold(ulong mfn)
    {
        ref ulong record = ref Record(mfn);
        while (true)
        {
            ulong old = Volatile.Read(ref record);
            if ((old & Held) == 0)
                Invariant.Broken("a frame was given up twice");

            ulong left = old & ~Held;
            bool last = left >> CountShift == 0 || TypeOf(old) != FrameType.GuestRam;
            if (Interlocked.CompareExchange(ref record, last ? Unowned(FrameType.Scrubbing) : left, old) == old)
                return last;
        }
    }

    /// <summary>The first frame from <paramref name="start"/> on that an owner holds; <paramref name="end"/> if there is none.</summary>
    internal ulong NextHeld(ulong start, ulong end, ushort owner)
    {
        ulong[] records = _records;
        int mfn = (int)start;
        while (mfn < (int)end && (records[mfn] & (Held | ushort.MaxValue)) != (Held | owner))
            mfn++;

        return (ulong)mfn;
    }

    /// <summary>A scrubbed frame becomes free.</summary>
    internal void MarkScrubbed(ulong mfn)
    {
        if (Interlocked.CompareExchange(ref Record(mfn), Unowned(FrameType.Free), Unowned(FrameType.Scrubbing))
            != Unowned(FrameType.Scrubbing))
        {
            Invariant.Broken("a frame was freed that was not scrubbed");
        }
    }

    /// <summary>Changes the type of a frame within its owner's pool, which its lock guards; it has no link afterwards.</summary>
    internal void Retype(ulong mfn, ushort owner, FrameType type)
    {
        ref ulong record = ref Record(mfn);
        if ((ushort)record != owner || TypeOf(record) is not (FrameType.DomainPool or FrameType.Shared))
            Invariant.Broken("a frame that does not belong to this pool");

        Volatile.Write(ref record, Compose(owner, type, Held));
    }

    /// <summary>What the upper half says of a pool's free frame (next in the list) or a shared frame (gfn + 1 or 0).</summary>
    internal uint Link(ulong mfn) => References(mfn);

    /// <summary>Sets the upper half of a frame of a pool, which its owner's lock guards.</summary>
    internal void SetLink(ulong mfn, uint link)
    {
        ref ulong record = ref Record(mfn);
        if (TypeOf(record) is not (FrameType.DomainPool or FrameType.Shared))
            Invariant.Broken("a link in a frame that belongs to no pool");

        Volatile.Write(ref record, (uint)record | (ulong)link << CountShift);
    }

    /// <summary>The audit has come across the frame; false if it had before.</summary>
    internal bool TryMarkSeen(ulong mfn) => (Interlocked.Or(ref Record(mfn), Seen) & Seen) == 0;

    /// <summary>Whether the audit came across the frame; forgets it.</summary>
    internal bool TakeSeen(ulong mfn) => (Interlocked.And(ref Record(mfn), ~Seen) & Seen) != 0;

    private static FrameType TypeOf(ulong record) => (FrameType)((record & TypeMask) >> TypeShift);

    private static ulong Compose(ushort owner, FrameType type, ulong flags) => owner | (ulong)type << TypeShift | flags;

    private static ulong Unowned(FrameType type) => Compose(Nobody, type, 0);

    private void Fill(ulong first, int count, FrameType type, ulong flags) =>
        _records.AsSpan((int)first, count).Fill(Compose(Nobody, type, flags));

    private ulong Read(ulong mfn) => Volatile.Read(ref Record(mfn));

    private ref ulong Record(ulong mfn) => ref _records[(nint)mfn];
}
