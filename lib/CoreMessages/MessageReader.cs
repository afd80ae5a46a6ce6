using System;
using System.Runtime.InteropServices;

namespace Microkernel.Messages;

/// <summary>
/// Reads protobuf's wire format from private memory. What is malformed makes it fail: <see cref="TryReadTag"/> then ends, and
/// <see cref="HasFailed"/> says so. Groups, which nobody has used for long, count as malformed.
/// </summary>
public ref struct MessageReader
{
    private const int LongestVarint = 10;

    private readonly ReadOnlySpan<byte> _bytes;
    private int _at;

    /// <summary>Reads a message that is all of <paramref name="bytes"/>.</summary>
    public MessageReader(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Whether something was malformed; nothing that was read counts then.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Whether nothing is left.</summary>
    public readonly bool IsAtEnd => _at == _bytes.Length;

    /// <summary>The next field's number and wire type as they are encoded; false at the end, or after a failure.</summary>
    public bool TryReadTag(out uint tag)
    {
        tag = 0;
        if (HasFailed || IsAtEnd)
            return false;
        ulong value = ReadVarint();
        if (value > uint.MaxValue || value < 8)
            HasFailed = true;
        tag = (uint)value;
        return !HasFailed;
    }

    /// <summary>A number of the wire type VARINT.</summary>
    public ulong ReadVarint()
    {
        ulong value = 0;
        for (int i = 0; i < LongestVarint && _at < _bytes.Length; i++)
        {
            byte next = _bytes[_at++];
            value |= (ulong)(next & 0x7F) << (i * 7);
            if (next < 0x80)
                return value;
        }

        HasFailed = true;
        return 0;
    }

    /// <summary>A signed number from one whose lowest bit is the sign.</summary>
    public static long UnZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    /// <summary>A number of the wire type I32.</summary>
    public uint ReadFixed32() => MemoryMarshal.TryRead(Take(sizeof(uint)), out uint value) ? value : 0;

    /// <summary>A number of the wire type I64.</summary>
    public ulong ReadFixed64() => MemoryMarshal.TryRead(Take(sizeof(ulong)), out ulong value) ? value : 0;

    /// <summary>The bytes of a field of the wire type LEN.</summary>
    /// <param name="longest">The most that there may be.</param>
    public ReadOnlySpan<byte> ReadBytes(int longest)
    {
        ulong length = ReadVarint();
        if (length <= (ulong)longest)
            return Take((int)length);
        HasFailed = true;
        return default;
    }

    /// <summary>A message, or packed numbers, inside this one.</summary>
    public MessageReader ReadMessage() => new(ReadBytes(int.MaxValue));

    /// <summary>Something is malformed.</summary>
    public void Fail() => HasFailed = true;

    /// <summary>Passes over a field that is not known.</summary>
    public void Skip(uint tag)
    {
        switch (tag & 7)
        {
            case 0:
                ReadVarint();
                break;
            case 1:
                Take(sizeof(ulong));
                break;
            case 2:
                ReadBytes(int.MaxValue);
                break;
            case 5:
                Take(sizeof(uint));
                break;
            default:
                HasFailed = true;
                break;
        }
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _bytes.Length - _at)
        {
            HasFailed = true;
            return default;
        }

        _at += length;
        return _bytes.Slice(_at - length, length);
    }
}
