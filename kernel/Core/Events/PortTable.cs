using System;
using Microkernel.Core.Abi;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;

namespace Microkernel.Core.Events;

/// <summary>
/// The port records of a domain, in frames of its pool that are taken as ports are needed. Guarded by the domain's event lock.
/// </summary>
public sealed class PortTable
{
    /// <summary>The most ports that any ABI has: EVTCHN_FIFO_NR_CHANNELS.</summary>
    public const int Limit = 1 << 17;

    private const int RecordsPerFrame = PhysicalMemory.FrameSize / PortRecord.Size;

    // A guest that leaves more closed ports than this in its queues gets no new ones: the search stays short.
    private const int MostBusy = 256;

    private readonly PhysicalMemory _memory;
    private readonly FramePool _pool;
    private readonly ulong[] _frames = new ulong[Limit / RecordsPerFrame];
    private int _frameCount;

    // No port below it is free.
    private int _firstFree;

    /// <summary>An empty table. Only during start-up: it allocates.</summary>
    public PortTable(PhysicalMemory memory, FramePool pool)
    {
        _memory = memory;
        _pool = pool;
    }

    /// <summary>Ports that have a record, from 0 on; those above were never used.</summary>
    public uint Count { get; private set; }

    /// <summary>Opens the record of a port below <see cref="Count"/>.</summary>
    public PortView Open(uint port) =>
        new(_memory, _frames[(int)(port / RecordsPerFrame)], IndexInFrame(port));

    /// <summary>Number of a port's record in its frame.</summary>
    public static int IndexInFrame(uint port) => (int)(port % RecordsPerFrame);

    /// <summary>The records of two ports are in the same frame.</summary>
    public static bool IsSameFrame(uint a, uint b) => a / RecordsPerFrame == b / RecordsPerFrame;

    /// <summary>Opens the frame with the record of a port below <see cref="Count"/>.</summary>
    public FrameView OpenFrame(uint port) => new(_memory, _frames[(int)(port / RecordsPerFrame)]);

    /// <summary>
    /// Finds the lowest port that is free and not busy; it stays free. ENOSPC: there is none, or too many are busy; ENOMEM.
    /// </summary>
    public long FindFree(EventDelivery delivery, out uint port)
    {
        int limit = (int)delivery.MaxPorts;
        int end = Math.Min(limit, (int)Count);
        int at = _firstFree = NextFree(_firstFree, end);
        for (int tries = 0; at < end; tries++)
        {
            port = (uint)at;
            if (!delivery.IsBusy(port))
            {
                return 0;
            }

            at = tries < MostBusy ? NextFree(at + 1, end) : limit;
        }

        port = (uint)Math.Max(end, 1);
        return at >= limit ? XenError.ENOSPC : AddFrame();
    }

    /// <summary>The port may be given out again.</summary>
    public void NoteFree(uint port) => _firstFree = Math.Min(_firstFree, (int)port);

    /// <summary>Gives all frames back to the pool.</summary>
    public void Clear()
    {
        while (_frameCount > 0)
        {
            _pool.Return(_frames[--_frameCount]);
        }

        Count = 0;
        _firstFree = 0;
    }

    private int NextFree(int from, int end)
    {
        while (from < end)
        {
            int found = FindFreeInFrame(from);
            if (found >= 0)
            {
                return found;
            }

            from = NextFrame(from);
        }

        return end;
    }

    private static int NextFrame(int port) => (port | (RecordsPerFrame - 1)) + 1;

    private int FindFreeInFrame(int from)
    {
        using FrameView view = new(_memory, _frames[from / RecordsPerFrame]);
        Span<PortRecord> records = view.As<PortRecord>();
        for (int i = from % RecordsPerFrame; i < records.Length; i++)
        {
            if (records[i].State == PortState.Free)
            {
                return from - (from % RecordsPerFrame) + i;
            }
        }

        return -1;
    }

    private long AddFrame()
    {
        if (!_pool.TryTake(out ulong mfn))
        {
            return XenError.ENOMEM;
        }

        _frames[_frameCount++] = mfn;
        Count += RecordsPerFrame;
        if (_frameCount == 1)
        {
            using PortView zero = Open(0);
            zero.Record.State = PortState.Reserved;
        }

        return 0;
    }
}
