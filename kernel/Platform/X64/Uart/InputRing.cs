using System.Threading;

namespace Microkernel.Platform.Uart;

/// <summary>
/// Bytes received and not yet taken. One producer (the interrupt handler, on one CPU) and consumers that take turns;
/// without locks, because the handler may interrupt a consumer's idle wait.
/// </summary>
public sealed class InputRing
{
    private readonly byte[] _bytes;
    private uint _produced;
    private uint _consumed;

    /// <summary>A ring of <paramref name="capacity"/> bytes, a power of two.</summary>
    public InputRing(int capacity) => _bytes = new byte[capacity];

    /// <summary>There is no room.</summary>
    public bool IsFull => _produced - Volatile.Read(ref _consumed) >= (uint)_bytes.Length;

    /// <summary>Adds a byte; false when there is no room.</summary>
    public bool TryAdd(byte value)
    {
        if (IsFull)
            return false;

        uint produced = _produced;
        _bytes[(int)(produced % (uint)_bytes.Length)] = value;
        Volatile.Write(ref _produced, produced + 1);
        return true;
    }

    /// <summary>Takes the oldest byte; false when there is none.</summary>
    public bool TryTake(out byte value)
    {
        uint consumed = _consumed;
        bool any = consumed != Volatile.Read(ref _produced);
        value = any ? _bytes[(int)(consumed % (uint)_bytes.Length)] : (byte)0;
        if (any)
            Volatile.Write(ref _consumed, consumed + 1);

        return any;
    }
}
