using System;
using System.Collections.Generic;

namespace Microkernel.XenStore;

/// <summary>Messages on their way to a client, one after the other. An empty queue has no memory.</summary>
public sealed class OutputQueue
{
    private const int FirstSize = 16 << 10;
    private const int MostSpare = 64;

    // Buffers of the first size go round: most queues are empty most of the time. One thread uses all queues of a server.
    [ThreadStatic]
    private static Stack<byte[]>? _spare;

    private byte[] _buffer = [];
    private int _start;
    private int _end;

    /// <summary>Bytes waiting.</summary>
    public int Length => _end - _start;

    /// <summary>Messages added since the queue was last empty.</summary>
    public int Messages { get; private set; }

    /// <summary>All bytes there ever were: those waiting are the last ones of these.</summary>
    public ulong Produced { get; private set; }

    /// <summary>The bytes waiting.</summary>
    public ReadOnlySpan<byte> Waiting => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Begins with bytes that an earlier queue had.</summary>
    public void Restore(ReadOnlySpan<byte> waiting)
    {
        Clear();
        waiting.CopyTo(Extend(waiting.Length));
    }

    /// <summary>Adds a message.</summary>
    /// <returns>Where its payload goes.</returns>
    public Span<byte> Add(scoped in MessageHeader header)
    {
        Span<byte> place = Extend(MessageHeader.Size + (int)header.Length);
        header.Write(place);
        Messages++;
        return place[MessageHeader.Size..];
    }

    /// <summary>Takes the first bytes away.</summary>
    public void Consume(int count)
    {
        _start += count;
        if (_start == _end)
            Clear();
    }

    /// <summary>Drops everything.</summary>
    public void Clear()
    {
        if (_buffer.Length == FirstSize && (_spare ??= new()).Count < MostSpare)
            _spare.Push(_buffer);
        _buffer = [];
        _start = _end = Messages = 0;
    }

    private Span<byte> Extend(int length)
    {
        if (_buffer.Length - _end < length)
            MakeRoom(length);
        Span<byte> place = _buffer.AsSpan(_end, length);
        _end += length;
        Produced += (uint)length;
        return place;
    }

    private void MakeRoom(int length)
    {
        int needed = Length + length;
        byte[] old = _buffer;
        if (needed > old.Length || _start == 0)
            _buffer = NewBuffer(Math.Max(needed, 2 * old.Length));
        old.AsSpan(_start, Length).CopyTo(_buffer);
        (_start, _end) = (0, Length);
        if (old.Length == FirstSize && old != _buffer)
            (_spare ??= new()).Push(old);
    }

    private static byte[] NewBuffer(int size)
    {
        if (size > FirstSize)
            return new byte[size];
        return _spare is not null && _spare.TryPop(out byte[]? spare) ? spare : new byte[FirstSize];
    }
}
