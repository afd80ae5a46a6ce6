using System;
using Microkernel.Platform.Boot;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Paging;

/// <summary>
/// The host's address space. One entry of the top table leads back to the top table itself, so that every table entry
/// has a fixed address; guests' memory is not mapped but for the windows that <see cref="FrameWindows"/> opens.
/// <code>
/// 0xFFFFFE00_00000000  CPU areas: stacks with guard pages, window slots, descriptor tables
/// 0xFFFFFE20_00000000  devices
/// 0xFFFFFE40_00000000  pages given to the CPU by their physical address
/// 0xFFFFFE60_00000000  tables of the firmware, until start-up ends
/// 0xFFFFFE80_00000000  heap
/// 0xFFFFFF00_00000000  the page tables themselves
/// 0xFFFFFFFF_80000000  the image
/// </code>
/// Tables are made during start-up, by one CPU; later only entries of windows change, each by the CPU it belongs to.
/// </summary>
internal static unsafe class HostSpace
{
    /// <summary>Bytes in a page.</summary>
    internal const ulong PageSize = 4096;

    /// <summary>Where the CPU areas start.</summary>
    internal const ulong CpuAreas = 0xFFFF_FE00_0000_0000;

    private const ulong DevicesStart = 0xFFFF_FE20_0000_0000;
    private const ulong PagesStart = 0xFFFF_FE40_0000_0000;
    private const ulong FirmwareStart = 0xFFFF_FE60_0000_0000;
    private const ulong HeapStart = 0xFFFF_FE80_0000_0000;
    private const ulong Tables = 0xFFFF_FF00_0000_0000;
    private const ulong TableIndexMask = 0x7F_FFFF_FFF8;
    private const ulong AddressMask = 0x000F_FFFF_FFFF_F000;
    private const int TopLevel = 4;
    private const int EntriesPerTable = 512;

    // The image is mapped under this slot first, and moved to its own when it is complete.
    private const ulong BuildSlot = 0xFFFF_8000_0000_0000;
    private const ulong ImageSlot = 0xFFFF_FF80_0000_0000;
    private const ulong SlotMask = (1UL << 39) - 1;

    private static BootMemory? _memory;
    private static ulong _rightsMask;
    private static ulong _nextDevice = DevicesStart;
    private static ulong _nextPage = PagesStart;
    private static ulong _nextFirmware = FirmwareStart;
    private static ulong _heapEnd = HeapStart;

    /// <summary>Physical address of the top table, for CR3.</summary>
    internal static ulong Root { get; private set; }

    /// <summary>Where the heap starts; it grows by <see cref="GrowHeap"/>.</summary>
    internal static byte* Heap => (byte*)HeapStart;

    /// <summary>
    /// Leaves the boot tables: maps the image with the rights of its parts and nothing else. The first 4 GiB are mapped
    /// one to one when this is called and unmapped when it returns.
    /// </summary>
    internal static void Create(BootMemory memory, bool noExecute)
    {
        _memory = memory;
        _rightsMask = noExecute ? ulong.MaxValue : ~(ulong)PageFlags.NoExecute;
        Root = memory.Take() * PageSize;

        // Sound: the frame is free, below 4 GiB and so mapped one to one, and so is the table that the CPU uses now.
        ulong* top = (ulong*)Root;
        ulong* boot = (ulong*)Cpu.ReadCr3();
        new Span<ulong>(top, EntriesPerTable).Clear();
        top[0] = boot[0];
        top[EntriesPerTable - 1] = boot[EntriesPerTable - 1];
        top[EntriesPerTable - 2] = (Root | (ulong)(PageFlags.Table | PageFlags.NoExecute)) & _rightsMask;
        Cpu.WriteCr3(Root);

        MapImage(in ImageLayout.Current);
        *Entry(ImageSlot, TopLevel) = *Entry(BuildSlot, TopLevel);
        *Entry(BuildSlot, TopLevel) = 0;
        *Entry(0, TopLevel) = 0;
        Cpu.WriteCr3(Root);
    }

    /// <summary>Maps memory that a device decodes, uncached; returns where its first byte is. Start-up only.</summary>
    internal static byte* MapDevice(ulong physical, ulong length) =>
        MapPhysical(ref _nextDevice, physical, length, PageFlags.Device);

    /// <summary>Shows memory that the firmware filled. Start-up only.</summary>
    internal static byte* MapFirmware(ulong physical, ulong length) =>
        MapPhysical(ref _nextFirmware, physical, length, PageFlags.ReadOnly);

    /// <summary>
    /// Makes pages of zeroes that follow each other in physical memory too, between unmapped ones. Start-up only.
    /// </summary>
    internal static byte* AllocatePages(int count)
    {
        ulong first = _memory!.Take(count);
        byte* result = (byte*)_nextPage;
        for (int i = 0; i < count; i++, _nextPage += PageSize)
            Map(_nextPage, (first + (ulong)i) * PageSize, PageFlags.Data);

        _nextPage += PageSize;
        new Span<byte>(result, count * (int)PageSize).Clear();
        return result;
    }

    /// <summary>The physical address behind a mapped address.</summary>
    internal static ulong PhysicalAddress(void* address) =>
        (*Entry((ulong)address, 1) & AddressMask) + ((ulong)address & (PageSize - 1));

    /// <summary>From now on the page at the address is only read.</summary>
    internal static void MakeReadOnly(void* address)
    {
        *Entry((ulong)address, 1) &= ~(ulong)PageFlags.Writable;
        Cpu.InvalidatePage(address);
    }

    /// <summary>Makes the heap reach at least up to an address; returns its new end.</summary>
    internal static byte* GrowHeap(byte* needed)
    {
        for (; _heapEnd < (ulong)needed; _heapEnd += PageSize)
            MapZeroedPage(_heapEnd);

        return (byte*)_heapEnd;
    }

    /// <summary>Puts a page of zeroes at an address where nothing is. Start-up only.</summary>
    internal static void MapZeroedPage(ulong address)
    {
        Map(address, _memory!.Take() * PageSize, PageFlags.Data);
        new Span<byte>((void*)address, (int)PageSize).Clear();
    }

    /// <summary>Makes the tables down to the entries of a page, so that windows can be opened there.</summary>
    internal static ulong* PrepareEntry(ulong address)
    {
        for (int level = TopLevel; level > 1; level--)
        {
            ulong* entry = Entry(address, level);
            if (*entry == 0)
            {
                *entry = _memory!.Take() * PageSize | (ulong)PageFlags.Table;

                // Sound: the table just entered appears here; the address was unmapped, so no stale translation exists.
                void* table = (void*)((ulong)Entry(address, level - 1) & ~(PageSize - 1));
                new Span<byte>(table, (int)PageSize).Clear();
            }
        }

        return Entry(address, 1);
    }

    /// <summary>
    /// Where the entry of an address is: at level 1 the one that maps its page, at level 4 the one of the top table.
    /// </summary>
    // Sound: reading it needs the tables above it, which PrepareEntry makes.
    private static ulong* Entry(ulong address, int level)
    {
        for (; level > 0; level--)
            address = Tables | (address >> 9 & TableIndexMask);

        return (ulong*)address;
    }

    private static byte* MapPhysical(ref ulong next, ulong physical, ulong length, PageFlags flags)
    {
        PhysicalRange frames = PhysicalRange.FramesAround(physical, physical + length);
        byte* result = (byte*)(next + physical % PageSize);
        for (ulong frame = frames.First; frame < frames.End; frame++, next += PageSize)
            Map(next, frame * PageSize, flags);

        return result;
    }

    private static void Map(ulong address, ulong physical, PageFlags flags)
    {
        ulong* entry = PrepareEntry(address);
        if (*entry != 0)
            Environment.FailFast("a host page is mapped twice");

        *entry = (physical | (ulong)flags) & _rightsMask;
    }

    private static void MapImage(in ImageLayout image)
    {
        MapImagePart(in image, image.Text, image.Data, PageFlags.Code);
        MapImagePart(in image, image.Data, image.ReadOnlyData, PageFlags.Data);
        MapImagePart(in image, image.ReadOnlyData, image.ZeroedData, PageFlags.ReadOnly);
        MapImagePart(in image, image.ZeroedData, image.End, PageFlags.Data);
    }

    private static void MapImagePart(in ImageLayout image, ulong start, ulong end, PageFlags flags)
    {
        ulong toPhysical = image.PhysicalEnd - image.End;
        for (ulong address = start; address < end; address += PageSize)
            Map(BuildSlot | (address & SlotMask), address + toPhysical, flags);
    }
}
