using System;

namespace Microkernel.Platform.Uart;

/// <summary>
/// The last bytes of the core's log, kept for who looks later. Places in it are counted from its beginning, round 2^32. Guarded by the
/// log's lock.
/// </summary>
public sealed class LogRing
{
    private readonly byte[] _bytes;
    private uint _end;
    private uint _kept;

    /// <summary>A ring of <paramref name="capacity"/> bytes, a power of two.</summary>
    public LogRing(int capacity) => _bytes = new byte[capacity];

    /// <summary>Where what is kept begins.</summary>
    public uint Start => _end - _kept;

    /// <summary>Adds bytes; the oldest ones give way.</summary>
    public void Append(ReadOnlySpan<byte> text)
    {
        foreach (byte value in text)
            _bytes[Place(_end++)] = value;

        _kept = Math.Min(_kept + (uint)text.Length, (uint)_bytes.Length);
    }

    /// <summary>
    /// Copies what fits from <paramref name="index"/> on, or from the start if that lies outside of what is kept, and moves the index on.
    /// </summary>
    public int CopyFrom(ref uint index, Span<byte> destination)
    {
        if (_end - index > _kept)
            index = Start;

        int count = (int)Math.Min(_end - index, (uint)destination.Length);
        for (int i = 0; i < count; i++)
            destination[i] = _bytes[Place(index++)];

        return count;
    }

    /// <summary>Forgets what is before <paramref name="index"/>.</summary>
    public void Forget(uint index) => _kept = Math.Min(_kept, _end - index);

    private int Place(uint index) => (int)(index & ((uint)_bytes.Length - 1));
}
