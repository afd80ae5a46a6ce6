using System;
using System.Threading;

namespace Microkernel.Rings;

/// <summary>
/// The reading end of a queue of messages in shared memory. Whatever it takes from there it reads once and then checks; the
/// other side can make it close, and nothing else. Every call names the same memory anew, because the core maps it only
/// while it uses it. One thread at a time.
/// </summary>
public sealed class RingReader
{
    private readonly int _capacity;
    private ulong _head;
    private ulong _released;
    private ulong _tail;
    private int _at;

    /// <summary>An end for a queue whose memory has a size of at least <see cref="RingLayout.SmallestQueue"/> and is all zeroes.</summary>
    public RingReader(int queueSize) => _capacity = RingLayout.CapacityOf(queueSize);

    /// <summary>Whether it is open, and if not, why.</summary>
    public RingState State { get; private set; }

    /// <summary>Starts again on memory that has been zeroed, with a writer that starts again too.</summary>
    public void Reset()
    {
        _head = _released = _tail = 0;
        _at = 0;
        State = RingState.Open;
    }

    /// <summary>Copies the next message out. Its room is the writer's again after <see cref="Release"/>.</summary>
    /// <param name="queue">The queue's memory.</param>
    /// <param name="destination">Private memory; a message that is longer closes the queue.</param>
    /// <param name="length">The message's length.</param>
    public RingResult TryRead(Span<byte> queue, Span<byte> destination, out int length)
    {
        length = 0;
        if (State == RingState.Open && _tail == _head)
            UpdateTail(queue);
        if (State != RingState.Open)
            return RingResult.Closed;
        if (_tail == _head)
            return RingResult.Wait;

        Span<byte> data = queue.Slice(RingLayout.Data, _capacity);
        uint claimed = Volatile.Read(ref RingLayout.HalfWord(data, _at));
        ulong size = RingLayout.FrameSize(claimed);
        if (claimed == 0 || claimed > (uint)destination.Length || size > _tail - _head)
        {
            Close(queue, RingState.BadLength);
            return RingResult.Closed;
        }

        length = (int)claimed;
        Copy(data, _at + RingLayout.FrameHeader, destination.Slice(0, length));
        _head += size;
        _at += (int)size;
        if (_at >= _capacity)
            _at -= _capacity;
        return RingResult.Done;
    }

    /// <summary>Gives the writer the room of everything read so far.</summary>
    /// <returns>Whether the writer must be notified.</returns>
    public bool Release(Span<byte> queue)
    {
        if (State != RingState.Open || _released == _head)
            return false;
        ulong from = _released;
        _released = _head;
        Volatile.Write(ref RingLayout.Word(queue, RingLayout.Head), _head);
        // The writer stores what it waits for and then looks at the head. One of the two must see the other's store.
        Interlocked.MemoryBarrier();
        ulong wanted = Volatile.Read(ref RingLayout.Word(queue, RingLayout.HeadWanted));
        return wanted - from - 1 < _head - from;
    }

    /// <summary>Asks for a notification when there is a message, and looks once more. Everything read must have been released.</summary>
    /// <returns>Whether to wait; otherwise there is something to do now: read, release, or see that the queue is closed.</returns>
    public bool MustWait(Span<byte> queue)
    {
        if (State != RingState.Open || _released != _head || _tail != _head)
            return false;
        Volatile.Write(ref RingLayout.Word(queue, RingLayout.TailWanted), _head + 1);
        Interlocked.MemoryBarrier();
        UpdateTail(queue);
        return State == RingState.Open && _tail == _head;
    }

    /// <summary>Closes the queue; what is in it is lost. The writer must be notified.</summary>
    public void Close(Span<byte> queue) => Close(queue, RingState.ClosedHere);

    private void UpdateTail(Span<byte> queue)
    {
        // The state first: what the writer published before it closed is still to be read.
        bool isClosed = Volatile.Read(ref RingLayout.HalfWord(queue, RingLayout.WriterState)) != 0;
        ulong tail = Volatile.Read(ref RingLayout.Word(queue, RingLayout.Tail));
        if (tail - _tail > _released + (ulong)_capacity - _tail || tail % RingLayout.Alignment != 0)
            Close(queue, RingState.BadIndex);
        else if (isClosed && tail == _head)
            Close(queue, RingState.ClosedByPeer);
        else
            _tail = tail;
    }

    private void Close(Span<byte> queue, RingState why)
    {
        if (State != RingState.Open)
            return;
        State = why;
        Volatile.Write(ref RingLayout.HalfWord(queue, RingLayout.ReaderState), (uint)why);
    }

    private static void Copy(Span<byte> data, int at, Span<byte> message)
    {
        int first = Math.Min(message.Length, data.Length - at);
        data.Slice(at, first).CopyTo(message);
        data.Slice(0, message.Length - first).CopyTo(message.Slice(first));
    }
}
