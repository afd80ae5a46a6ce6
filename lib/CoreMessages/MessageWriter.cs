using System;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Microkernel.Messages;

/// <summary>Writes protobuf's wire format. What does not fit is not written, and <see cref="HasFailed"/> says so.</summary>
public ref struct MessageWriter
{
    private readonly Span<byte> _bytes;

    /// <summary>Writes to the start of <paramref name="bytes"/>.</summary>
    public MessageWriter(Span<byte> bytes) => _bytes = bytes;

    /// <summary>Whether something did not fit; the bytes are no message then.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>The bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>The bytes of a number of the wire type VARINT.</summary>
    public static int SizeOf(ulong value) => (63 - BitOperations.LeadingZeroCount(value | 1)) / 7 + 1;

    /// <summary>A signed number with its sign as the lowest bit.</summary>
    public static ulong ZigZag(long value) => (ulong)(value << 1 ^ value >> 63);

    /// <summary>A number of the wire type VARINT; field numbers and lengths too.</summary>
    public void WriteVarint(ulong value)
    {
        Span<byte> place = Take(SizeOf(value));
        for (int i = 0; i < place.Length; i++, value >>= 7)
            place[i] = (byte)(i == place.Length - 1 ? value : value | 0x80);
    }

    /// <summary>A number of the wire type I32.</summary>
    public void WriteFixed32(uint value)
    {
        Span<byte> place = Take(sizeof(uint));
        if (!place.IsEmpty)
            MemoryMarshal.Write(place, in value);
    }

    /// <summary>A number of the wire type I64.</summary>
    public void WriteFixed64(ulong value)
    {
        Span<byte> place = Take(sizeof(ulong));
        if (!place.IsEmpty)
            MemoryMarshal.Write(place, in value);
    }

    /// <summary>A field of the wire type LEN: length and contents.</summary>
    public void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        WriteVarint((uint)bytes.Length);
        Span<byte> place = Take(bytes.Length);
        if (!place.IsEmpty)
            bytes.CopyTo(place);
    }

    private Span<byte> Take(int length)
    {
        if (HasFailed || length > _bytes.Length - Length)
        {
            HasFailed = true;
            return default;
        }

        Length += length;
        return _bytes.Slice(Length - length, length);
    }
}
