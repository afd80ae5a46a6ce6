using System;
using System.Runtime.InteropServices;
using Google.Protobuf;

namespace Microkernel.XenStore;

/// <summary>
/// Writes records of journal.proto without making objects. The lengths of messages within messages have a fixed number of bytes, which
/// protobuf allows.
/// </summary>
internal sealed class RecordBuilder
{
    private const int LengthBytes = 4;
    private const int EntryField = 1;

    private byte[] _bytes = new byte[4096];
    private int _entry;
    private int _message;

    internal int Length { get; private set; }

    internal ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    internal void Clear() => Length = 0;

    /// <summary>Begins an entry that is a message.</summary>
    internal void Begin(int kind)
    {
        _entry = BeginMessage(EntryField);
        _message = BeginMessage(kind);
    }

    /// <summary>Ends it.</summary>
    internal void End()
    {
        EndMessage(_message);
        EndMessage(_entry);
    }

    /// <summary>An entry that is a number.</summary>
    internal void Entry(int kind, uint value)
    {
        int entry = BeginMessage(EntryField);
        Varint(MakeTag(kind, WireFormat.WireType.Varint));
        Varint(value);
        EndMessage(entry);
    }

    internal void Number(int field, ulong value)
    {
        if (value == 0)
            return;
        Varint(MakeTag(field, WireFormat.WireType.Varint));
        Varint(value);
    }

    internal void Text(int field, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
            return;
        Varint(MakeTag(field, WireFormat.WireType.LengthDelimited));
        Varint((uint)value.Length);
        value.CopyTo(Take(value.Length));
    }

    /// <summary>A list of permissions, as numbers.</summary>
    internal void Permissions(int field, Permissions permissions)
    {
        int list = BeginMessage(field);
        foreach (Permission entry in permissions.Entries)
            Varint((uint)entry.Domain * 4 + (uint)(entry.Access & (Access.Read | Access.Write)));
        EndMessage(list);
    }

    private int BeginMessage(int field)
    {
        Varint(MakeTag(field, WireFormat.WireType.LengthDelimited));
        Take(LengthBytes);
        return Length;
    }

    private void EndMessage(int start)
    {
        uint length = (uint)(Length - start);
        uint spread = length & 0x7f | (length & 0x3f80) << 1 | (length & 0x1fc000) << 2 | (length & 0xfe00000) << 3 | 0x808080;
        MemoryMarshal.Write(_bytes.AsSpan(start - LengthBytes), in spread);
    }

    private static uint MakeTag(int field, WireFormat.WireType type) => (uint)field << 3 | (uint)type;

    private void Varint(ulong value)
    {
        if (_bytes.Length - Length < 10)
            Array.Resize(ref _bytes, 2 * _bytes.Length);
        byte[] bytes = _bytes;
        int at = Length;
        for (; value > 0x7f; value >>= 7)
            bytes[at++] = (byte)(value | 0x80);
        bytes[at++] = (byte)value;
        Length = at;
    }

    private Span<byte> Take(int count)
    {
        if (_bytes.Length - Length < count)
            Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, Length + count));
        Length += count;
        return _bytes.AsSpan(Length - count, count);
    }
}
