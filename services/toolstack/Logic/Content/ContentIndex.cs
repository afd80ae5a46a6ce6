using System;
using System.Buffers.Binary;

namespace Microkernel.Services.Toolstack.Content;

/// <summary>
/// What is where in the content store, kept at the start of its memory, so that the toolstack's next incarnation finds the files
/// again. It is read once, at the start, and every entry is checked then; what an entry says of a file's bytes is believed only
/// when they have been hashed again.
/// </summary>
internal static class ContentIndex
{
    /// <summary>The most files.</summary>
    internal const int Entries = 255;

    /// <summary>The bytes of the index; files begin after it.</summary>
    internal const int Size = (Entries + 1) * EntrySize;

    private const int EntrySize = 64;
    private const ulong Magic = 0x3145524f54534b4d; // "MKSTORE1"

    private const int StateAt = 0;
    private const int OffsetAt = 8;
    private const int LengthAt = 16;
    private const int HaveAt = 24;
    private const int HashAt = 32;

    /// <summary>Makes an empty index, unless there is one for memory of this size.</summary>
    internal static void Prepare(Span<byte> memory)
    {
        if (BinaryPrimitives.ReadUInt64LittleEndian(memory) == Magic
            && BinaryPrimitives.ReadInt64LittleEndian(memory[8..]) == memory.Length)
            return;
        memory[..Size].Clear();
        BinaryPrimitives.WriteInt64LittleEndian(memory[8..], memory.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(memory, Magic);
    }

    /// <summary>Reads an entry; null if it is free, or says something that cannot be.</summary>
    internal static ContentEntry? Read(Span<byte> memory, int number)
    {
        Span<byte> raw = Entry(memory, number);
        var state = (ContentState)BinaryPrimitives.ReadUInt32LittleEndian(raw[StateAt..]);
        long offset = BinaryPrimitives.ReadInt64LittleEndian(raw[OffsetAt..]);
        long length = BinaryPrimitives.ReadInt64LittleEndian(raw[LengthAt..]);
        long have = BinaryPrimitives.ReadInt64LittleEndian(raw[HaveAt..]);
        bool isPossible = state is ContentState.Partial or ContentState.Complete
            && length > 0 && offset >= Size && offset <= memory.Length && length <= memory.Length - offset
            && have >= 0 && (state == ContentState.Partial ? have < length : have == length);
        if (!isPossible)
            return null;
        return new ContentEntry(number, raw.Slice(HashAt, Sha256.Size).ToArray(), offset, length) { Have = have };
    }

    /// <summary>Writes an entry; whoever reads it half-written finds no file in it.</summary>
    internal static void Write(Span<byte> memory, ContentEntry entry)
    {
        Clear(memory, entry.Number);
        Span<byte> raw = Entry(memory, entry.Number);
        BinaryPrimitives.WriteInt64LittleEndian(raw[OffsetAt..], entry.Offset);
        BinaryPrimitives.WriteInt64LittleEndian(raw[LengthAt..], entry.Length);
        entry.Hash.CopyTo(raw[HashAt..]);
        WriteProgress(memory, entry);
    }

    /// <summary>Writes how much of a file is there.</summary>
    internal static void WriteProgress(Span<byte> memory, ContentEntry entry)
    {
        Span<byte> raw = Entry(memory, entry.Number);
        BinaryPrimitives.WriteInt64LittleEndian(raw[HaveAt..], entry.Have);
        BinaryPrimitives.WriteUInt32LittleEndian(raw[StateAt..], (uint)(entry.IsComplete ? ContentState.Complete : ContentState.Partial));
    }

    /// <summary>Forgets a file.</summary>
    internal static void Clear(Span<byte> memory, int number) =>
        BinaryPrimitives.WriteUInt32LittleEndian(Entry(memory, number)[StateAt..], (uint)ContentState.Free);

    private static Span<byte> Entry(Span<byte> memory, int number) => memory.Slice((number + 1) * EntrySize, EntrySize);
}
