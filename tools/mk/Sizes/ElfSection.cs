using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Text;

namespace Mk.Sizes;

/// <summary>A section of an ELF file that has a place in memory.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">Its size in memory.</param>
/// <param name="IsCode">Whether it holds code (SHF_EXECINSTR).</param>
/// <param name="IsWritable">Whether it is written to (SHF_WRITE).</param>
/// <param name="IsInFile">Whether the file holds its contents (not SHT_NOBITS).</param>
public sealed record ElfSection(string Name, long Bytes, bool IsCode, bool IsWritable, bool IsInFile)
{
    private const int SectionTypeNoBits = 8;
    private const ulong FlagWrite = 1, FlagAlloc = 2, FlagCode = 4;

    /// <summary>text, rodata, data or bss, as <c>size</c> sorts sections.</summary>
    public string Kind => IsCode ? "text" : !IsInFile ? "bss" : IsWritable ? "data" : "rodata";

    /// <summary>Reads the sections of a little-endian 64-bit ELF file (System V ABI, chapter 4).</summary>
    /// <exception cref="InvalidDataException">The file is none, or it is damaged.</exception>
    public static IReadOnlyList<ElfSection> Read(ReadOnlySpan<byte> file)
    {
        if (file.Length < 64 || !file[..4].SequenceEqual("\u007fELF"u8) || file[4] != 2 || file[5] != 1)
            throw new InvalidDataException("not a little-endian 64-bit ELF file");
        try
        {
            return ReadTable(file);
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or OverflowException)
        {
            throw new InvalidDataException("the section table lies outside the file", e);
        }
    }

    private static List<ElfSection> ReadTable(ReadOnlySpan<byte> file)
    {
        int table = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(file[0x28..]));
        int entrySize = BinaryPrimitives.ReadUInt16LittleEndian(file[0x3a..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(file[0x3c..]);
        int namesIndex = BinaryPrimitives.ReadUInt16LittleEndian(file[0x3e..]);
        int names = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(file[(table + (namesIndex * entrySize) + 0x18)..]));
        List<ElfSection> sections = [];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = file[(table + (i * entrySize))..];
            ulong flags = BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]);
            if ((flags & FlagAlloc) == 0)
                continue;
            int nameAt = checked(names + (int)BinaryPrimitives.ReadUInt32LittleEndian(entry));
            ReadOnlySpan<byte> name = file[nameAt..];
            sections.Add(new ElfSection(
                Encoding.ASCII.GetString(name[..Math.Max(0, name.IndexOf((byte)0))]),
                checked((long)BinaryPrimitives.ReadUInt64LittleEndian(entry[0x20..])),
                (flags & FlagCode) != 0,
                (flags & FlagWrite) != 0,
                BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]) != SectionTypeNoBits));
        }
        return sections;
    }
}
