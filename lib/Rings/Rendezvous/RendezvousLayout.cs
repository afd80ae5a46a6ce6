using System;
using System.Threading;

namespace Microkernel.Rings;

/// <summary>
/// Where two services find each other, in the page before a ring's queues: a cache line for each side, which only that side
/// changes. docs/rings.md explains it.
/// </summary>
public static class RendezvousLayout
{
    /// <summary>The bytes before the queues.</summary>
    public const int Size = 4096;

    /// <summary>The bytes of one side; the first side's come first.</summary>
    public const int SideSize = 64;

    /// <summary>UInt32: how often this side has begun; never 0 once it has.</summary>
    public const int Epoch = 0;

    /// <summary>UInt32: the other side's epoch that this side is ready for; 0 for none.</summary>
    public const int Joined = 4;

    /// <summary>UInt32: the first side's event channel, for the second one to connect to.</summary>
    public const int Port = 8;

    /// <summary>The two queues.</summary>
    public static Span<byte> Queues(Span<byte> memory) => memory.Slice(Size);

    internal static uint Read(Span<byte> memory, bool isSecond, int word) => Volatile.Read(ref Word(memory, isSecond, word));

    internal static void Write(Span<byte> memory, bool isSecond, int word, uint value) =>
        Volatile.Write(ref Word(memory, isSecond, word), value);

    /// <summary>Zeroes a side's words in the queues.</summary>
    internal static void ClearQueues(Span<byte> memory, bool isSecond)
    {
        RingLayout.Queue(Queues(memory), isSecond).Slice(0, RingLayout.Head).Clear();
        RingLayout.Queue(Queues(memory), !isSecond).Slice(RingLayout.Head, RingLayout.Data - RingLayout.Head).Clear();
    }

    private static ref uint Word(Span<byte> memory, bool isSecond, int word) =>
        ref RingLayout.HalfWord(memory, (isSecond ? SideSize : 0) + word);
}
