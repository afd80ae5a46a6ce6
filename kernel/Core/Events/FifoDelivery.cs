using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Events;

/// <summary>
/// The FIFO ABI (xen/event_channel.h): an event word per port in pages that the guest gives, and for each vCPU and priority a queue of
/// words linked to each other. The guest takes events from the head, the core adds them behind the tail. The core knows the tails by
/// itself and never follows a link: whatever the guest writes, it loses at most its own events.
/// </summary>
public sealed class FifoDelivery : EventDelivery
{
    /// <summary>EVTCHN_FIFO_PRIORITY_DEFAULT.</summary>
    public const byte DefaultPriority = 7;

    /// <summary>EVTCHN_FIFO_PRIORITY_MIN: priorities are 0 (first) to this.</summary>
    public const byte LowestPriority = 15;

    /// <summary>EVTCHN_FIFO_LINK_BITS.</summary>
    public const byte LinkBits = 17;

    /// <summary>Bytes of struct evtchn_fifo_control_block: ready, a gap, a head for each priority.</summary>
    public const int ControlBlockSize = 8 + (4 * QueuesPerVcpu);

    private const int QueuesPerVcpu = LowestPriority + 1;
    private const int WordsPerPage = PhysicalMemory.FrameSize / sizeof(uint);
    private const int PendingBit = 31;
    private const int MaskedBit = 30;
    private const int LinkedBit = 29;
    private const int BusyBit = 28;
    private const uint LinkMask = (1u << LinkBits) - 1;
    private const int HeadsAt = 8;

    // A guest may change a linked word four times at most (mask, unmask, clear pending, unlink) while the core links it.
    private const int LinkTries = 4;

    private readonly Domain _domain;
    private readonly PhysicalMemory _memory;
    private readonly ulong[] _pages = new ulong[PortTable.Limit / WordsPerPage];
    private readonly ulong[] _blocks;
    private readonly int[] _blockOffsets;
    private readonly uint[] _tails;
    private int _pageCount;

    /// <summary>The FIFO state of a domain slot. Only during start-up: it allocates.</summary>
    public FifoDelivery(Domain domain)
    {
        _domain = domain;
        _memory = domain.Kernel.Machine.Memory;
        MaxPorts = PortTable.Limit;
        int vcpus = domain.MostVcpus;
        _blocks = new ulong[vcpus];
        _blockOffsets = new int[vcpus];
        _tails = new uint[vcpus * QueuesPerVcpu];
    }

    /// <summary>Ports that have an event word: 0 to this number - 1.</summary>
    public int WordCount => _pageCount * WordsPerPage;

    /// <summary>EVTCHNOP_init_control: where a vCPU's control block is. EINVAL: it has one, or there is no such page.</summary>
    public long SetControlBlock(Vcpu vcpu, ulong gfn, int offset)
    {
        if (_blocks[vcpu.Id] != 0 || !_domain.Memory.TryPin(gfn, out ulong mfn))
            return XenError.EINVAL;

        _blocks[vcpu.Id] = mfn;
        _blockOffsets[vcpu.Id] = offset;
        return 0;
    }

    /// <summary>EVTCHNOP_expand_array: one more page of event words. ENOSPC: there is room for all ports; EINVAL: no such page.</summary>
    public long AddPage(ulong gfn)
    {
        if (_pageCount == _pages.Length)
            return XenError.ENOSPC;

        if (!_domain.Memory.TryPin(gfn, out ulong mfn))
            return XenError.EINVAL;

        _pages[_pageCount++] = mfn;
        return 0;
    }

    /// <summary>Lets go of all memory of the guest.</summary>
    public void Clear()
    {
        while (_pageCount > 0)
            _domain.Memory.Unpin(_pages[--_pageCount]);

        for (int i = 0; i < _blocks.Length; i++)
        {
            if (_blocks[i] != 0)
                _domain.Memory.Unpin(_blocks[i]);
        }

        _blocks.AsSpan().Clear();
        _tails.AsSpan().Clear();
    }

    /// <inheritdoc/>
    public override void SetPending(Vcpu vcpu, uint port, ref PortRecord record)
    {
        if (port >= (uint)WordCount)
        {
            record.IsPendingEarly = 1;
            return;
        }

        // A vCPU without a control block cannot be told: the guest must not expect events there.
        if (_blocks[vcpu.Id] == 0)
            return;

        bool mustLink;
        using (FrameView page = Open(port))
        {
            ref uint word = ref Word(in page, port);
            AtomicBits.TestAndSet(ref word, PendingBit);
            mustLink = !AtomicBits.Test(ref word, MaskedBit) && !AtomicBits.TestAndSet(ref word, LinkedBit);
        }

        if (mustLink && !Enqueue(vcpu, port, ref record))
            Announce(vcpu, port, record.Priority);
    }

    /// <inheritdoc/>
    public override void ClearPending(uint port)
    {
        if (port < (uint)WordCount)
        {
            using FrameView page = Open(port);
            AtomicBits.TestAndClear(ref Word(in page, port), PendingBit);
        }
    }

    /// <inheritdoc/>
    public override bool IsPending(uint port) => IsSet(port, PendingBit);

    /// <inheritdoc/>
    public override bool IsBusy(uint port) => IsSet(port, LinkedBit);

    /// <inheritdoc/>
    public override void Unmask(Vcpu vcpu, uint port, ref PortRecord record)
    {
        if (port >= (uint)WordCount)
            return;

        bool isPending;
        using (FrameView page = Open(port))
        {
            ref uint word = ref Word(in page, port);
            AtomicBits.TestAndClear(ref word, MaskedBit);
            isPending = AtomicBits.Test(ref word, PendingBit);
        }

        if (isPending)
            SetPending(vcpu, port, ref record);
    }

    private static ref uint Word(in FrameView page, uint port) => ref page.As<uint>()[(int)(port % WordsPerPage)];

    private static int QueueOf(int vcpu, byte priority) => (vcpu * QueuesPerVcpu) + priority;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private FrameView Open(uint port) => new(_memory, _pages[(int)(port / WordsPerPage)]);

    private bool IsSet(uint port, int bit)
    {
        if (port >= (uint)WordCount)
            return false;

        using FrameView page = Open(port);
        return AtomicBits.Test(ref Word(in page, port), bit);
    }

    // Adds a port, whose word was just marked as linked, behind the tail of its queue; false if that queue is empty now.
    private bool Enqueue(Vcpu vcpu, uint port, ref PortRecord record)
    {
        // If it was the tail of the queue where it was last, the guest has emptied that queue since.
        ref uint oldTail = ref _tails[QueueOf(record.LastVcpu, record.LastPriority)];
        oldTail = oldTail == port ? 0 : oldTail;
        record.LastVcpu = (ushort)vcpu.Id;
        record.LastPriority = record.Priority;
        ref uint tail = ref _tails[QueueOf(vcpu.Id, record.Priority)];
        bool isLinked = tail != 0 && TryLink(tail, port);
        tail = port;
        return isLinked;
    }

    // Makes the tail's word point to the port; false if the guest has taken the tail from the queue.
    private bool TryLink(uint tail, uint port)
    {
        using FrameView page = Open(tail);
        ref uint word = ref Word(in page, tail);
        if (TryLinkOnce(ref word, port, out bool isLinked))
            return isLinked;

        // Busy keeps the guest from unmasking it in the meantime: then it can change only so often.
        AtomicBits.TestAndSet(ref word, BusyBit);
        for (int i = 0; i < LinkTries; i++)
        {
            if (TryLinkOnce(ref word, port, out isLinked))
            {
                if (!isLinked)
                    AtomicBits.TestAndClear(ref word, BusyBit);

                return isLinked;
            }
        }

        // Only a guest that breaks the rules gets here; the port is lost in its queue.
        AtomicBits.TestAndClear(ref word, BusyBit);
        return true;
    }

    // False: the word changed in between.
    private static bool TryLinkOnce(ref uint word, uint port, out bool isLinked)
    {
        uint seen = Volatile.Read(ref word);
        isLinked = (seen & (1u << LinkedBit)) != 0;
        uint linked = (seen & ~((1u << BusyBit) | LinkMask)) | port;
        return !isLinked || Interlocked.CompareExchange(ref word, linked, seen) == seen;
    }

    // The queue was empty: the port is its head, and the guest learns that the queue is ready.
    private void Announce(Vcpu vcpu, uint port, byte priority)
    {
        bool tell;
        using (FrameView view = new(_memory, _blocks[vcpu.Id]))
        {
            Span<byte> block = view.Bytes.Slice(_blockOffsets[vcpu.Id], ControlBlockSize);
            Span<uint> words = MemoryMarshal.Cast<byte, uint>(block);
            Volatile.Write(ref words[(HeadsAt / sizeof(uint)) + priority], port);
            tell = !AtomicBits.TestAndSet(ref words[0], priority);
        }

        if (tell)
            VcpuInfo.MarkPending(vcpu);
    }
}
