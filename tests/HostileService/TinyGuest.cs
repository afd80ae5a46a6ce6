using System;
using System.Buffers.Binary;

namespace Microkernel.HostileService;

/// <summary>A kernel that counts and does nothing else: something to be attacked, and to go on meanwhile.</summary>
internal static class TinyGuest
{
    /// <summary>Where its code is in its memory.</summary>
    internal const ulong Entry = 0x10_0000;

    private const int CodeAt = 0x1000, NoteAt = 0x800;

    /// <summary>l: inc dword [0x100800]; jmp l.</summary>
    internal static ReadOnlySpan<byte> Code => [0xFF, 0x05, 0x00, 0x08, 0x10, 0x00, 0xEB, 0xF8];

    /// <summary>The code as a 64-bit ELF file with a PVH note.</summary>
    internal static byte[] Image()
    {
        byte[] image = new byte[CodeAt + 0x1000];
        Span<byte> s = image;
        "\x7F"u8.CopyTo(s);
        "ELF"u8.CopyTo(s[1..]);
        s[4] = 2;
        s[5] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(s[18..], 62);
        BinaryPrimitives.WriteUInt64LittleEndian(s[32..], 64);
        BinaryPrimitives.WriteUInt16LittleEndian(s[54..], 56);
        BinaryPrimitives.WriteUInt16LittleEndian(s[56..], 2);
        Segment(s[64..], 1, CodeAt, Entry, 0x1000);
        Segment(s[120..], 4, NoteAt, 0, 24);
        Span<byte> note = s[NoteAt..];
        BinaryPrimitives.WriteUInt32LittleEndian(note, 4);
        BinaryPrimitives.WriteUInt32LittleEndian(note[4..], 8);
        BinaryPrimitives.WriteUInt32LittleEndian(note[8..], 18);
        "Xen"u8.CopyTo(note[12..]);
        BinaryPrimitives.WriteUInt64LittleEndian(note[16..], Entry);
        Code.CopyTo(s[CodeAt..]);
        return image;
    }

    private static void Segment(Span<byte> s, uint type, ulong offset, ulong address, ulong size)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(s, type);
        BinaryPrimitives.WriteUInt64LittleEndian(s[8..], offset);
        BinaryPrimitives.WriteUInt64LittleEndian(s[24..], address);
        BinaryPrimitives.WriteUInt64LittleEndian(s[32..], size);
        BinaryPrimitives.WriteUInt64LittleEndian(s[40..], size);
    }
}
