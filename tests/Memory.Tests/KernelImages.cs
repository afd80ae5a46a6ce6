using System;
using System.Buffers.Binary;

namespace Microkernel.Services.Memory.Tests;

/// <summary>Kernels, small ones.</summary>
internal static class KernelImages
{
    internal const ulong BzImageEntry = 0x10_0000;
    internal const ulong ElfEntry = 0x10_0010;

    /// <summary>A bzImage of boot protocol 2.15 that wants 2 MiB at 1 MiB.</summary>
    internal static byte[] BzImage(int length = 0x9000)
    {
        byte[] image = Pattern(length, 7);
        Span<byte> s = image;
        s[..0x1000].Clear();
        s[0x1F1] = 4;
        s[0x201] = 0x6A;
        "HdrS"u8.CopyTo(s[0x202..]);
        BinaryPrimitives.WriteUInt16LittleEndian(s[0x206..], 0x020F);
        BinaryPrimitives.WriteUInt64LittleEndian(s[0x258..], BzImageEntry);
        BinaryPrimitives.WriteUInt32LittleEndian(s[0x260..], 0x20_0000);
        return image;
    }

    /// <summary>A 64-bit ELF file with two segments and, far behind its front, the entry's note.</summary>
    internal static byte[] Elf(int length = 0x9000)
    {
        byte[] image = Pattern(length, 11);
        Span<byte> s = image;
        s[..0x200].Clear();
        "\x7F"u8.CopyTo(s);
        "ELF"u8.CopyTo(s[1..]);
        s[4] = 2;
        s[5] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(s[18..], 62);
        BinaryPrimitives.WriteUInt64LittleEndian(s[32..], 64);
        BinaryPrimitives.WriteUInt16LittleEndian(s[54..], 56);
        BinaryPrimitives.WriteUInt16LittleEndian(s[56..], 3);
        Segment(s[64..], 1, 0x800, 0x10_0000, 0x3123, 0x5000);
        Segment(s[120..], 1, 0x4000, 0x20_0040, 0x2000, 0x2000);
        Segment(s[176..], 4, 0x7F00, 0, 0x30, 0x30);
        Span<byte> notes = s.Slice(0x7F00, 0x30);
        notes.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(notes, 4);
        BinaryPrimitives.WriteUInt32LittleEndian(notes[4..], 8);
        BinaryPrimitives.WriteUInt32LittleEndian(notes[8..], 18);
        "Xen"u8.CopyTo(notes[12..]);
        BinaryPrimitives.WriteUInt64LittleEndian(notes[16..], ElfEntry);
        return image;
    }

    internal static byte[] Pattern(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static void Segment(Span<byte> s, uint type, ulong offset, ulong address, ulong file, ulong memory)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(s, type);
        BinaryPrimitives.WriteUInt64LittleEndian(s[8..], offset);
        BinaryPrimitives.WriteUInt64LittleEndian(s[24..], address);
        BinaryPrimitives.WriteUInt64LittleEndian(s[32..], file);
        BinaryPrimitives.WriteUInt64LittleEndian(s[40..], memory);
    }
}
