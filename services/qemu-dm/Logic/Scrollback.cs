using System;

namespace Microkernel.Services.QemuDm;

/// <summary>
/// The newest bytes of a console's output. Positions count from the console's beginning. It takes memory only as it fills.
/// </summary>
internal sealed class Scrollback
{
    private const int FirstSize = 4096;

    private readonly int _limit;
    private byte[] _bytes;

    /// <summary>Makes an empty one.</summary>
    /// <param name="limit">The most bytes that it keeps, a power of two and at least 4 KiB.</param>
    /// <param name="position">The position of its first byte.</param>
    internal Scrollback(int limit, ulong position)
    {
        _limit = limit;
        _bytes = new byte[Math.Min(FirstSize, limit)];
        Start = End = position;
    }

    /// <summary>The position of the oldest byte that is kept.</summary>
    internal ulong Start { get; private set; }

    /// <summary>The position of the next byte.</summary>
    internal ulong End { get; private set; }

    /// <summary>Adds bytes, and forgets the oldest if there are too many.</summary>
    internal void Append(ReadOnlySpan<byte> bytes)
    {
        while (_bytes.Length < _limit && End - Start + (ulong)bytes.Length > (ulong)_bytes.Length)
            Grow();
        if (bytes.Length > _bytes.Length)
        {
            End += (ulong)(bytes.Length - _bytes.Length);
            bytes = bytes[^_bytes.Length..];
        }

        int at = IndexOf(End);
        int first = Math.Min(bytes.Length, _bytes.Length - at);
        bytes[..first].CopyTo(_bytes.AsSpan(at));
        bytes[first..].CopyTo(_bytes);
        End += (ulong)bytes.Length;
        if (End - Start > (ulong)_bytes.Length)
            Start = End - (ulong)_bytes.Length;
    }

    /// <summary>Bytes that never come, between what was and what will be.</summary>
    internal void Skip(ulong count) => Start = End += count;

    /// <summary>Reads from a position, or from the oldest byte if that one is not there.</summary>
    /// <returns>The position of the first byte read, and the number of bytes.</returns>
    internal (ulong Position, int Length) Read(ulong position, Span<byte> destination)
    {
        if (position < Start || position > End)
            position = Start;
        int length = (int)Math.Min(End - position, (ulong)destination.Length);
        int at = IndexOf(position);
        int first = Math.Min(length, _bytes.Length - at);
        _bytes.AsSpan(at, first).CopyTo(destination);
        _bytes.AsSpan(0, length - first).CopyTo(destination[first..]);
        return (position, length);
    }

    private int IndexOf(ulong position) => (int)(position % (ulong)_bytes.Length);

    private void Grow()
    {
        var larger = new byte[Math.Min(_bytes.Length * 2, _limit)];
        var kept = new byte[(int)(End - Start)];
        Read(Start, kept);
        _bytes = larger;
        for (int i = 0; i < kept.Length;)
        {
            int at = IndexOf(Start + (ulong)i);
            int length = Math.Min(kept.Length - i, larger.Length - at);
            kept.AsSpan(i, length).CopyTo(larger.AsSpan(at));
            i += length;
        }
    }
}
