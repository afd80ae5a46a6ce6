using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using Microkernel.Core.Boot;

namespace Microkernel.Services.Memory.Building;

/// <summary>
/// The notes of an ELF kernel that comes in parts: they lie anywhere in it, and the entry is in them. What they say is kept while the parts
/// pass by, and then read by the shared code as if the image were there.
/// </summary>
internal sealed class EntryNotes : ImageSource
{
    private const uint NoteSegment = 4;
    private const int MostBytes = 64 * 1024;
    private const int HeaderSize = 64;

    private readonly KernelFront _front;
    private readonly List<(ulong Offset, byte[] Bytes)> _notes = [];

    /// <summary>Finds out from the front where the notes are.</summary>
    internal EntryNotes(KernelFront front)
    {
        _front = front;
        Span<byte> header = stackalloc byte[HeaderSize];
        if (!front.TryRead(0, header) || header[4] is not (1 or 2))
            return;
        bool is64 = header[4] == 2;
        ulong table = is64 ? BinaryPrimitives.ReadUInt64LittleEndian(header[32..]) : BinaryPrimitives.ReadUInt32LittleEndian(header[28..]);
        int size = BinaryPrimitives.ReadUInt16LittleEndian(header[(is64 ? 54 : 42)..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(header[(is64 ? 56 : 44)..]);
        int budget = MostBytes;
        for (int i = 0; i < count && i < HeaderSize; i++)
            AddNote(table + ((ulong)i * (ulong)size), is64, ref budget);
    }

    /// <inheritdoc/>
    public override ulong Length => _front.Length;

    /// <summary>Keeps what a part has of the notes.</summary>
    internal void Pass(ulong offset, ReadOnlySpan<byte> part)
    {
        foreach ((ulong at, byte[] bytes) in _notes)
        {
            ulong start = Math.Max(at, offset);
            ulong end = Math.Min(at + (ulong)bytes.Length, offset + (ulong)part.Length);
            if (start < end)
                part.Slice((int)(start - offset), (int)(end - start)).CopyTo(bytes.AsSpan((int)(start - at)));
        }
    }

    /// <inheritdoc/>
    public override bool TryRead(ulong offset, Span<byte> target)
    {
        if (_front.TryRead(offset, target))
            return true;
        foreach ((ulong at, byte[] bytes) in _notes)
        {
            if (offset >= at && (ulong)target.Length <= (ulong)bytes.Length && offset - at <= (ulong)(bytes.Length - target.Length))
            {
                bytes.AsSpan((int)(offset - at), target.Length).CopyTo(target);
                return true;
            }
        }

        return false;
    }

    private void AddNote(ulong place, bool is64, ref int budget)
    {
        Span<byte> segment = stackalloc byte[is64 ? 56 : 32];
        if (!_front.TryRead(place, segment) || BinaryPrimitives.ReadUInt32LittleEndian(segment) != NoteSegment)
            return;
        ulong offset = is64 ? BinaryPrimitives.ReadUInt64LittleEndian(segment[8..]) : BinaryPrimitives.ReadUInt32LittleEndian(segment[4..]);
        ulong length = is64 ? BinaryPrimitives.ReadUInt64LittleEndian(segment[32..]) : BinaryPrimitives.ReadUInt32LittleEndian(segment[16..]);
        if (length > (ulong)budget || offset > ulong.MaxValue - length)
            return;
        budget -= (int)length;
        _notes.Add((offset, new byte[length]));
    }
}
