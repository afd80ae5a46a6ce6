using System;
using System.Runtime.InteropServices;

namespace Microkernel.XenStore;

/// <summary>What every message begins with. Little-endian, like every machine this runs on.</summary>
/// <param name="Type">What it is.</param>
/// <param name="Request">The client's number of the request; its answer has the same.</param>
/// <param name="Transaction">The transaction; 0 for none.</param>
/// <param name="Length">The bytes that follow.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct MessageHeader(MessageType Type, uint Request, uint Transaction, uint Length)
{
    /// <summary>The bytes of a header.</summary>
    public const int Size = 16;

    /// <summary>The most bytes that may follow.</summary>
    public const int LargestPayload = 4096;

    /// <summary>Reads a header.</summary>
    public static MessageHeader Read(ReadOnlySpan<byte> bytes) => MemoryMarshal.Read<MessageHeader>(bytes);

    /// <summary>Writes it.</summary>
    public void Write(Span<byte> bytes) => MemoryMarshal.Write(bytes, in this);
}
