using System;
using System.Runtime.InteropServices;

namespace Microkernel.Core.Boot;

/// <summary>
/// Plans the loading of an ELF kernel, 64- or 32-bit, with a PVH note (XEN_ELFNOTE_PHYS32_ENTRY of xen/elfnote.h). Only the
/// header, the program headers and the notes are read; everything in them is checked against the module and the guest's memory.
/// </summary>
public static class ElfImage
{
    /// <summary>The last thing that can be wrong: all segments are planned then.</summary>
    public const string NoEntry = "the ELF file has no PVH entry note";

    private const uint Magic = 0x464C457F;
    private const int MostProgramHeaders = 64;
    private const ulong MostNoteBytes = 64 * 1024;
    private const uint Load = 1;
    private const uint Note = 4;
    private const uint EntryNoteType = 18;
    private const int HeaderSize = 64;

    /// <summary>The module starts like an ELF file.</summary>
    public static bool IsElf(in ModuleReader module)
    {
        uint magic = 0;
        return module.TryRead(0, MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref magic, 1))) && magic == Magic;
    }

    /// <summary>Plans the image; the memory from 0 to <paramref name="memory"/> is the guest's.</summary>
    /// <returns>Null, or what is wrong with the image.</returns>
    public static string? Plan(in ModuleReader module, int index, ulong memory, GuestPlan plan)
    {
        if (!TryReadHeader(in module, out ElfHeader header))
            return "the ELF header is damaged, or not for x86 and little-endian";

        if (header.ProgramHeaders == 0 || header.ProgramHeaders > MostProgramHeaders)
            return "the ELF file has no program headers, or too many";

        for (int i = 0; i < header.ProgramHeaders; i++)
        {
            if (!TryReadSegment(in module, in header, i, out ElfSegment segment))
                return "an ELF program header lies outside of the file";

            string? problem = PlanSegment(in module, index, memory, in segment, plan);
            if (problem != null)
                return problem;
        }

        return plan.Entry == 0 ? NoEntry : null;
    }

    private static string? PlanSegment(
        in ModuleReader module, int index, ulong memory, in ElfSegment segment, GuestPlan plan)
    {
        if (segment.Type == Note)
            FindEntry(in module, in segment, plan);

        if (segment.Type != Load || segment.MemorySize == 0)
            return null;

        if (segment.FileSize > segment.MemorySize
            || segment.Offset > module.Length || segment.FileSize > module.Length - segment.Offset)
        {
            return "an ELF segment lies outside of the file";
        }

        if (segment.Address > memory || segment.MemorySize > memory - segment.Address)
            return "an ELF segment lies outside of the domain's memory: give it more memory";

        plan.KernelEnd = Math.Max(plan.KernelEnd, segment.Address + segment.MemorySize);
        return plan.TryAdd(index, segment.Offset, segment.FileSize, segment.Address)
            ? null
            : "the ELF file has too many segments";
    }

    private static bool TryReadHeader(in ModuleReader module, out ElfHeader header)
    {
        header = default;
        Span<byte> bytes = stackalloc byte[HeaderSize];
        if (!module.TryRead(0, bytes))
            return false;

        bool is64 = bytes[4] == 2;
        ushort machine = MemoryMarshal.Read<ushort>(bytes.Slice(18));
        if ((!is64 && bytes[4] != 1) || bytes[5] != 1 || machine != (is64 ? 62 : 3))
            return false;

        header.Is64 = is64;
        header.TableOffset = is64 ? MemoryMarshal.Read<ulong>(bytes.Slice(32)) : MemoryMarshal.Read<uint>(bytes.Slice(28));
        header.EntrySize = MemoryMarshal.Read<ushort>(bytes.Slice(is64 ? 54 : 42));
        header.ProgramHeaders = MemoryMarshal.Read<ushort>(bytes.Slice(is64 ? 56 : 44));
        return header.EntrySize >= (is64 ? 56 : 32);
    }

    private static bool TryReadSegment(in ModuleReader module, in ElfHeader header, int index, out ElfSegment segment)
    {
        segment = default;
        Span<byte> bytes = stackalloc byte[56];
        bytes = header.Is64 ? bytes : bytes.Slice(0, 32);
        ulong offset = header.TableOffset + ((ulong)index * header.EntrySize);
        if (offset < header.TableOffset || !module.TryRead(offset, bytes))
            return false;

        segment.Type = MemoryMarshal.Read<uint>(bytes);
        if (header.Is64)
        {
            segment.Offset = MemoryMarshal.Read<ulong>(bytes.Slice(8));
            segment.Address = MemoryMarshal.Read<ulong>(bytes.Slice(24));
            segment.FileSize = MemoryMarshal.Read<ulong>(bytes.Slice(32));
            segment.MemorySize = MemoryMarshal.Read<ulong>(bytes.Slice(40));
            return true;
        }

        segment.Offset = MemoryMarshal.Read<uint>(bytes.Slice(4));
        segment.Address = MemoryMarshal.Read<uint>(bytes.Slice(12));
        segment.FileSize = MemoryMarshal.Read<uint>(bytes.Slice(16));
        segment.MemorySize = MemoryMarshal.Read<uint>(bytes.Slice(20));
        return true;
    }

    // Notes: name size, description size, type; then name and description, each padded to four bytes.
    private static void FindEntry(in ModuleReader module, in ElfSegment segment, GuestPlan plan)
    {
        ulong size = Math.Min(segment.FileSize, MostNoteBytes);
        Span<byte> head = stackalloc byte[16];
        ulong at = 0;
        while (size >= 16 && at <= size - 16 && module.TryRead(segment.Offset + at, head))
        {
            ulong nameSize = (MemoryMarshal.Read<uint>(head) + 3UL) & ~3UL;
            ulong descriptionSize = MemoryMarshal.Read<uint>(head.Slice(4));
            bool isEntry = MemoryMarshal.Read<uint>(head.Slice(8)) == EntryNoteType
                && nameSize == 4 && head.Slice(12, 4).SequenceEqual("Xen\0"u8);
            ulong entry = 0;
            if (isEntry && descriptionSize is 4 or 8 && TryReadEntry(in module, segment.Offset + at + 16, (int)descriptionSize, ref entry))
            {
                plan.Entry = entry;
                return;
            }

            at += 12 + nameSize + ((descriptionSize + 3) & ~3UL);
        }
    }

    private static bool TryReadEntry(in ModuleReader module, ulong offset, int size, ref ulong entry) =>
        module.TryRead(offset, MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref entry, 1)).Slice(0, size));

    private struct ElfHeader
    {
        public bool Is64;
        public ulong TableOffset;
        public ushort EntrySize;
        public ushort ProgramHeaders;
    }

    private struct ElfSegment
    {
        public uint Type;
        public ulong Offset;
        public ulong Address;
        public ulong FileSize;
        public ulong MemorySize;
    }
}
