using System;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Threading;

namespace Microkernel.XenStore;

/// <summary>
/// A half of the journal: a header, then records. Every record has a checksum over its contents, its place and the half's number, so
/// that nothing old is taken for new. The tail says up to where records are complete; the half's number is written last of all.
/// </summary>
internal static class JournalLayout
{
    internal const int HeaderSize = 64;
    internal const int RecordHeaderSize = 8;
    internal const ulong Magic = 0x3130_4C4E_524A_5358; // "XSJRNL01"

    private const int MagicAt = 0, NumberAt = 8, NumberCheckAt = 16, TailAt = 24;

    /// <summary>The half's number, higher for newer; 0 if there is nothing in it.</summary>
    internal static ulong Number(Span<byte> half)
    {
        if (half.Length < HeaderSize || Word(half, MagicAt) != Magic)
            return 0;
        ulong number = Word(half, NumberAt);
        return number == ~Word(half, NumberCheckAt) ? number : 0;
    }

    /// <summary>Whether a half was never written to.</summary>
    internal static bool IsBlank(Span<byte> half) =>
        half.Length < HeaderSize || half[..HeaderSize].IndexOfAnyExcept((byte)0) < 0;

    /// <summary>The place after the last complete record.</summary>
    internal static ulong Tail(Span<byte> half) => Volatile.Read(ref Word(half, TailAt));

    /// <summary>Makes records count.</summary>
    internal static void SetTail(Span<byte> half, int tail) => Volatile.Write(ref Word(half, TailAt), (ulong)tail);

    /// <summary>From now on there is nothing in the half.</summary>
    internal static void Invalidate(Span<byte> half)
    {
        Volatile.Write(ref Word(half, NumberAt), 0);
        Volatile.Write(ref Word(half, NumberCheckAt), 0);
        Volatile.Write(ref Word(half, MagicAt), Magic);
        SetTail(half, HeaderSize);
    }

    /// <summary>From now on the half counts.</summary>
    internal static void Validate(Span<byte> half, ulong number)
    {
        Volatile.Write(ref Word(half, NumberCheckAt), ~number);
        Volatile.Write(ref Word(half, NumberAt), number);
    }

    /// <summary>The room that a record takes.</summary>
    internal static int SizeOf(int payload) => (RecordHeaderSize + payload + 7) & ~7;

    /// <summary>Writes a record; it does not count before the tail is moved.</summary>
    internal static void WriteRecord(Span<byte> half, int at, ulong number, ReadOnlySpan<byte> payload)
    {
        uint length = (uint)payload.Length, check = Check(number, at, payload);
        MemoryMarshal.Write(half[at..], in length);
        MemoryMarshal.Write(half[(at + 4)..], in check);
        payload.CopyTo(half[(at + RecordHeaderSize)..]);
    }

    /// <summary>Reads a record.</summary>
    /// <returns>False if there is none that is whole.</returns>
    internal static bool TryReadRecord(Span<byte> half, int at, ulong number, out ReadOnlySpan<byte> payload)
    {
        payload = default;
        if (at > half.Length - RecordHeaderSize)
            return false;
        uint length = MemoryMarshal.Read<uint>(half[at..]);
        if (length == 0 || length > half.Length - at - RecordHeaderSize)
            return false;
        payload = half.Slice(at + RecordHeaderSize, (int)length);
        return MemoryMarshal.Read<uint>(half[(at + 4)..]) == Check(number, at, payload);
    }

    private static uint Check(ulong number, int at, ReadOnlySpan<byte> payload)
    {
        uint check = BitOperations.Crc32C(BitOperations.Crc32C(~0u, number), (ulong)at);
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(payload);
        foreach (ulong word in words)
            check = BitOperations.Crc32C(check, word);
        foreach (byte rest in payload[(words.Length * sizeof(ulong))..])
            check = BitOperations.Crc32C(check, rest);
        return ~check;
    }

    private static ref ulong Word(Span<byte> half, int at) => ref MemoryMarshal.AsRef<ulong>(half.Slice(at, sizeof(ulong)));
}
