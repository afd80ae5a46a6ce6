using System;
using System.Runtime.CompilerServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;

namespace Microkernel.Core.Events;

/// <summary>
/// The port records of a domain: the first ones in the core's own memory, since most domains need no more and every event looks at
/// two, the others in frames of the domain's pool that are taken as ports are needed. Guarded by the domain's event lock.
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
    private readonly PortRecord[] _first = new PortRecord[RecordsPerFrame];
    private readonly ulong[] _frames = new ulong[(Limit / RecordsPerFrame) - 1];
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
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PortView Open(uint port) => port < RecordsPerFrame ? new(ref _first[IndexInFrame(port)]) : OpenFar(port);

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
                return 0;

            at = tries < MostBusy ? NextFree(at + 1, end) : limit;
        }

        port = (uint)Math.Max(end, 1);
        return at >= limit ? XenError.ENOSPC : AddRecords();
    }

    /// <summary>The port may be given out again.</summary>
    public void NoteFree(uint port) => _firstFree = Math.Min(_firstFree, (int)port);

    /// <summary>Gives all frames back to the pool.</summary>
    public void Clear()
    {
        while (_frameCount > 0)
            _pool.Return(_frames[--_frameCount]);

        Count = 0;
        _firstFree = 0;
    }

    private int NextFree(int from, int end)
    {
        while (from < end)
        {
            int found = FindFreeInFrame(from);
            if (found >= 0)
                return found;

            from = NextFrame(from);
        }

        return end;
    }

    private static int NextFrame(int port) => (port | (RecordsPerFrame - 1)) + 1;

    private int FindFreeInFrame(int from)
    {
        if (from < RecordsPerFrame)
            return FindFree(_first, from);

        using FrameView view = new(_memory, FrameOf((uint)from));
        int found = FindFree(view.As<PortRecord>(), from % RecordsPerFrame);
        return found < 0 ? found : from - (from % RecordsPerFrame) + found;
    }

    private static int FindFree(ReadOnlySpan<PortRecord> records, int from)
    {
        for (int i = from; i < records.Length; i++)
        {
            if (records[i].State == PortState.Free)
                return i;
        }

        return -1;
    }

    // Below the length also where the CPU guesses that a port is one of the first.
    private static int IndexInFrame(uint port) => (int)(port % RecordsPerFrame);

    private PortView OpenFar(uint port) => new(_memory, FrameOf(port), IndexInFrame(port));

    private ulong FrameOf(uint port) => _frames[SpeculationSafe.Index((port / RecordsPerFrame) - 1, _frames.Length)];

    private long AddRecords()
    {
        if (Count == 0)
        {
            _first.AsSpan().Clear();
            _first[0].State = PortState.Reserved;
        }
        else if (_pool.TryTake(out ulong mfn))
        {
            _frames[_frameCount++] = mfn;
        }
        else
        {
            return XenError.ENOMEM;
        }

        Count += RecordsPerFrame;
        return 0;
    }
}
