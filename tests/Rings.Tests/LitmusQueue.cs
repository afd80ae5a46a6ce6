using System;

namespace Microkernel.Rings.Tests;

/// <summary>A queue for one message, whose reader or writer goes to sleep while the other one does something.</summary>
internal abstract class LitmusQueue
{
    protected const int Capacity = 64;

    protected readonly byte[] Memory = new byte[RingLayout.Data + Capacity];
    protected readonly byte[] Message = new byte[Capacity - RingLayout.FrameHeader];
    protected readonly RingWriter Writer = new(RingLayout.Data + Capacity);
    protected readonly RingReader Reader = new(RingLayout.Data + Capacity);
    private readonly byte[] _buffer = new byte[Capacity];

    /// <summary>How far both indices were when this round began.</summary>
    protected ulong Start { get; private set; }

    /// <summary>Changes an index; whether it notifies.</summary>
    internal abstract bool Tell();

    /// <summary>Asks for a notification; whether it then sleeps.</summary>
    internal abstract bool MustWait();

    /// <summary>Makes the next round possible. Nobody else runs now.</summary>
    internal virtual void StartAgain() => Start += Capacity;

    protected void Write() => Writer.TryWrite(Memory, Message);

    protected void Read() => Reader.TryRead(Memory, _buffer, out _);

    protected ref ulong Word(int offset) => ref RingLayout.Word(Memory, offset);
}
