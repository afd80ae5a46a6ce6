using System;
using System.Threading;

namespace Microkernel.Rings;

/// <summary>
/// The writing end of a queue of messages in shared memory. It keeps what it relies on to itself; the other side can make
/// it close, and nothing else. Every call names the same memory anew, because the core maps it only while it uses it.
/// One thread at a time.
/// </summary>
public sealed class RingWriter
{
    private readonly int _capacity;
    private ulong _tail;
    private ulong _published;
    private ulong _head;
    private int _at;

    /// <summary>An end for a queue whose memory has a size of at least <see cref="RingLayout.SmallestQueue"/> and is all zeroes.</summary>
    public RingWriter(int queueSize) => _capacity = RingLayout.CapacityOf(queueSize);

    /// <summary>Whether it is open, and if not, why.</summary>
    public RingState State { get; private set; }

    /// <summary>The longest message that it can ever take.</summary>
    public int LargestMessage => _capacity - RingLayout.FrameHeader;

    /// <summary>Starts again on memory that has been zeroed, with a reader that starts again too.</summary>
    public void Reset()
    {
        _tail = _published = _head = 0;
        _at = 0;
        State = RingState.Open;
    }

    /// <summary>Writes a message, which the reader sees after <see cref="Publish"/>.</summary>
    public RingResult TryWrite(Span<byte> queue, ReadOnlySpan<byte> message)
    {
        if (State != RingState.Open)
            return RingResult.Closed;
        if (message.IsEmpty || message.Length > LargestMessage)
            return RingResult.Refused;
        ulong size = RingLayout.FrameSize((uint)message.Length);
        if (!HasRoom(size))
        {
            UpdateHead(queue);
            if (State != RingState.Open)
                return RingResult.Closed;
            if (!HasRoom(size))
                return RingResult.Wait;
        }

        Span<byte> data = queue.Slice(RingLayout.Data, _capacity);
        RingLayout.HalfWord(data, _at) = (uint)message.Length;
        Copy(message, data, _at + RingLayout.FrameHeader);
        _tail += size;
        _at += (int)size;
        if (_at >= _capacity)
            _at -= _capacity;
        return RingResult.Done;
    }

    /// <summary>Shows the reader everything written so far.</summary>
    /// <returns>Whether the reader must be notified.</returns>
    public bool Publish(Span<byte> queue)
    {
        if (State != RingState.Open || _published == _tail)
            return false;
        ulong from = _published;
        _published = _tail;
        Volatile.Write(ref RingLayout.Word(queue, RingLayout.Tail), _tail);
        // The reader stores what it waits for and then looks at the tail. One of the two must see the other's store.
        Interlocked.MemoryBarrier();
        CheckReader(queue);
        ulong wanted = Volatile.Read(ref RingLayout.Word(queue, RingLayout.TailWanted));
        return wanted - from - 1 < _tail - from;
    }

    /// <summary>
    /// Asks for a notification when there is room for a message of a length, and looks once more. Everything must have been
    /// published.
    /// </summary>
    /// <returns>Whether to wait; otherwise there is something to do now: write, publish, or see that the queue is closed.</returns>
    public bool MustWait(Span<byte> queue, int length)
    {
        ulong size = RingLayout.FrameSize((uint)length);
        if (State != RingState.Open || _published != _tail || size > (ulong)_capacity || HasRoom(size))
            return false;
        Volatile.Write(ref RingLayout.Word(queue, RingLayout.HeadWanted), _tail + size - (ulong)_capacity);
        Interlocked.MemoryBarrier();
        UpdateHead(queue);
        CheckReader(queue);
        return State == RingState.Open && !HasRoom(size);
    }

    /// <summary>Closes the queue after what was published. The reader must be notified.</summary>
    public void Close(Span<byte> queue) => Close(queue, RingState.ClosedHere);

    private bool HasRoom(ulong size) => (ulong)_capacity - (_tail - _head) >= size;

    private void UpdateHead(Span<byte> queue)
    {
        // Acquire: the reader's copying, before its store, is over before anything is overwritten here.
        ulong head = Volatile.Read(ref RingLayout.Word(queue, RingLayout.Head));
        if (head - _head > _published - _head || head % RingLayout.Alignment != 0)
            Close(queue, RingState.BadIndex);
        else
            _head = head;
    }

    private void CheckReader(Span<byte> queue)
    {
        if (Volatile.Read(ref RingLayout.HalfWord(queue, RingLayout.ReaderState)) != 0)
            Close(queue, RingState.ClosedByPeer);
    }

    private void Close(Span<byte> queue, RingState why)
    {
        if (State != RingState.Open)
            return;
        State = why;
        Volatile.Write(ref RingLayout.HalfWord(queue, RingLayout.WriterState), (uint)why);
    }

    private static void Copy(ReadOnlySpan<byte> message, Span<byte> data, int at)
    {
        int first = Math.Min(message.Length, data.Length - at);
        message.Slice(0, first).CopyTo(data.Slice(at));
        message.Slice(first).CopyTo(data);
    }
}
