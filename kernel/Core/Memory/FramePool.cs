using Microkernel.Core.Hardware;

namespace Microkernel.Core.Memory;

/// <summary>
/// A domain's own frames for its nested page tables, grant frames, maptracks and event buckets, set apart when the
/// domain is built: what a domain makes the core keep for it never takes memory from others. Free frames are zeroed.
/// </summary>
public sealed class FramePool
{
    /// <summary>Most frames that a pool can be asked to have.</summary>
    public const int MostFrames = 1 << 24;

    private const uint EndOfList = uint.MaxValue;

    private readonly HostMemory _host;
    private readonly TicketLock _lock = new();
    private ushort _owner = FrameTable.Nobody;
    private uint _first = EndOfList;

    /// <summary>Creates an empty pool.</summary>
    public FramePool(HostMemory host) => _host = host;

    /// <summary>Frames that can be taken.</summary>
    public int FreeCount { get; private set; }

    /// <summary>Frames of the pool, taken or not.</summary>
    public int Size { get; private set; }

    /// <summary>
    /// Frames for a domain: what Xen's tools reserve (1 MiB a vCPU and 8 KiB for each MiB of memory) and room for the
    /// largest grant table with its tracking.
    /// </summary>
    public static int SizeFor(ulong memoryFrames, int vcpus) => 256 * vcpus + (int)(memoryFrames / 128) + 256;

    /// <summary>Fills the pool of a new domain; false, with nothing taken, when the host has not that many frames.</summary>
    public bool TryFill(ushort owner, int frames)
    {
        _owner = owner;
        Abandon();
        if (TryGrow(frames))
            return true;

        Shrink(0);
        return false;
    }

    /// <summary>Adds frames until there are <paramref name="frames"/>; false when the host has no more, with some added.</summary>
    public bool TryGrow(int frames)
    {
        while (Size < frames)
        {
            int order = frames - Size >= 1 << FrameAllocator.Order2M ? FrameAllocator.Order2M : 0;
            if (!_host.Allocator.TryAllocate(order, _owner, FrameType.DomainPool, out ulong mfn)
                && !_host.Allocator.TryAllocate(order = 0, _owner, FrameType.DomainPool, out mfn))
            {
                return false;
            }

            Add(mfn, 1 << order);
        }

        return true;
    }

    /// <summary>Gives frames back until there are <paramref name="frames"/>, or none is left that is not in use.</summary>
    public void Shrink(int frames)
    {
        while (Size > frames && TryTake(out ulong mfn))
        {
            Size--;
            _host.Allocator.GiveUp(mfn);
        }
    }

    /// <summary>Takes a zeroed frame for a structure that no guest may map. False when the pool is empty.</summary>
    public bool TryTake(out ulong mfn) => TryTake(FrameType.DomainPool, out mfn);

    /// <summary>Takes a zeroed frame of the given type, DomainPool or Shared. False when the pool is empty.</summary>
    public bool TryTake(FrameType type, out ulong mfn)
    {
        using TicketLock.Holder held = _lock.Hold();
        mfn = _first;
        if (_first == EndOfList)
            return false;

        _first = _host.Frames.Link(mfn);
        _host.Frames.Retype(mfn, _owner, type);
        FreeCount--;
        return true;
    }

    /// <summary>Puts a frame back that nobody maps or refers to any more.</summary>
    public void Return(ulong mfn)
    {
        _host.Frames.Retype(mfn, _owner, FrameType.DomainPool);
        _host.Memory.Zero(mfn, 1);
        using TicketLock.Holder held = _lock.Hold();
        Push(mfn);
    }

    /// <summary>The list of free frames is as long as the count says, and each of them belongs here.</summary>
    internal bool IsConsistent()
    {
        using TicketLock.Holder held = _lock.Hold();
        ulong mfn = _first;
        for (int i = 0; i < FreeCount; i++)
        {
            if (_host.Frames.Type(mfn) != FrameType.DomainPool || _host.Frames.Owner(mfn) != _owner)
                return false;

            mfn = _host.Frames.Link(mfn);
        }

        return mfn == EndOfList;
    }

    /// <summary>Forgets every frame; the sweep of the frame table gives them up.</summary>
    internal void Abandon()
    {
        _first = EndOfList;
        FreeCount = Size = 0;
    }

    private void Add(ulong first, int count)
    {
        using TicketLock.Holder held = _lock.Hold();
        for (int i = count - 1; i >= 0; i--)
            Push(first + (ulong)i);

        Size += count;
    }

    private void Push(ulong mfn)
    {
        _host.Frames.SetLink(mfn, _first);
        _first = (uint)mfn;
        FreeCount++;
    }
}
