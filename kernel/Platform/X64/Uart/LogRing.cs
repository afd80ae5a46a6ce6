using System;

namespace Microkernel.Platform.Uart;

/// <summary>The last bytes of the core's log, kept for who looks later. Guarded by the log's lock.</summary>
public sealed class LogRing
{
    private readonly byte[] _bytes;
    private ulong _written;

    /// <summary>A ring of <paramref name="capacity"/> bytes.</summary>
    public LogRing(int capacity) => _bytes = new byte[capacity];

    /// <summary>Adds bytes; the oldest ones give way.</summary>
    public void Append(ReadOnlySpan<byte> text)
    {
        foreach (byte value in text)
            _bytes[(int)(_written++ % (ulong)_bytes.Length)] = value;
    }

    /// <summary>Copies the newest bytes that fit, oldest first; returns how many.</summary>
    public int CopyTo(Span<byte> destination)
    {
        ulong kept = Math.Min(_written, (ulong)_bytes.Length);
        int count = (int)Math.Min(kept, (ulong)destination.Length);
        ulong from = _written - (ulong)count;
        for (int i = 0; i < count; i++)
            destination[i] = _bytes[(int)((from + (ulong)i) % (ulong)_bytes.Length)];

        return count;
    }
}
