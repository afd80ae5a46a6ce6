using System;
using System.Runtime.InteropServices;

namespace Microkernel.Rings;

/// <summary>
/// Where things are in the memory of a queue: a cache line that only the writer changes, one that only the reader changes,
/// and the frames. The memory starts as zeroes. docs/rings.md explains it.
/// </summary>
public static class RingLayout
{
    /// <summary>UInt64: the bytes that were ever published.</summary>
    public const int Tail = 0;

    /// <summary>UInt64: the writer wants a notification when <see cref="Head"/> reaches this; what it has passed asks for nothing.</summary>
    public const int HeadWanted = 8;

    /// <summary>UInt32: the writer's <see cref="RingState"/>.</summary>
    public const int WriterState = 16;

    /// <summary>UInt64: the bytes that were ever read and may be overwritten.</summary>
    public const int Head = 64;

    /// <summary>UInt64: the reader wants a notification when <see cref="Tail"/> reaches this; what it has passed asks for nothing.</summary>
    public const int TailWanted = 72;

    /// <summary>UInt32: the reader's <see cref="RingState"/>.</summary>
    public const int ReaderState = 80;

    /// <summary>The first frame.</summary>
    public const int Data = 128;

    /// <summary>Bytes before a message: its length, a UInt32.</summary>
    public const int FrameHeader = sizeof(uint);

    /// <summary>Frames start at multiples of this, so that a length is never split by the end of the memory.</summary>
    public const int Alignment = 8;

    /// <summary>The least memory that a queue can live in.</summary>
    public const int SmallestQueue = Data + 64;

    /// <summary>The bytes for frames in a queue's memory.</summary>
    public static int CapacityOf(int queueSize) => (queueSize - Data) & -Alignment;

    /// <summary>The longest message that fits a queue when nothing else is in it.</summary>
    public static int LargestMessage(int queueSize) => CapacityOf(queueSize) - FrameHeader;

    /// <summary>The bytes of a ring's memory that one of its two queues has.</summary>
    public static int QueueSize(int ringSize) => ringSize / 2 & -Data;

    /// <summary>The memory of one of the two queues of a ring: the first one leads from the first side to the second.</summary>
    public static Span<byte> Queue(Span<byte> ring, bool isSecond)
    {
        int size = QueueSize(ring.Length);
        return ring.Slice(isSecond ? size : 0, size);
    }

    /// <summary>The room that a message takes.</summary>
    internal static ulong FrameSize(uint length) => ((ulong)length + FrameHeader + (Alignment - 1)) & ~(ulong)(Alignment - 1);

    internal static ref ulong Word(Span<byte> queue, int offset) => ref MemoryMarshal.AsRef<ulong>(queue.Slice(offset, sizeof(ulong)));

    internal static ref uint HalfWord(Span<byte> queue, int offset) => ref MemoryMarshal.AsRef<uint>(queue.Slice(offset, sizeof(uint)));
}
