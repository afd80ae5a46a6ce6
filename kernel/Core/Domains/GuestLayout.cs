using System;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;

namespace Microkernel.Core.Domains;

/// <summary>
/// Where things are in a PVH guest's physical address space: memory from 0 up to 3 GiB and the rest from 4 GiB on; ACPI tables and
/// the pages shared with the core in the gap, at Xen's places.
/// </summary>
public static class GuestLayout
{
    /// <summary>Most memory below the gap, bytes.</summary>
    public const ulong LowMemoryLimit = 0xC000_0000;

    /// <summary>Where memory goes on above the gap.</summary>
    public const ulong HighMemoryStart = 0x1_0000_0000;

    /// <summary>Memory of devices that the manifest gives.</summary>
    public const ulong DeviceMemory = 0xD000_0000;

    /// <summary>End of it.</summary>
    public const ulong DeviceMemoryEnd = 0xF000_0000;

    /// <summary>What every start of it is a multiple of that can be asked for.</summary>
    public const ulong DeviceMemoryAlignment = 0x1000_0000;

    /// <summary>ACPI tables, RSDP first.</summary>
    public const ulong AcpiTables = 0xFC00_0000;

    /// <summary>First of the pages the guest shares with the core and its back ends.</summary>
    public const ulong SpecialPages = 0xFEFF_8000;

    /// <summary>End of these pages.</summary>
    public const ulong SpecialPagesEnd = 0xFF00_0000;

    /// <summary>The PV console's ring.</summary>
    public const ulong ConsoleGfn = 0xFEFFE;

    /// <summary>Frames of guest memory outside the memory that the manifest names: the ACPI page and the console's.</summary>
    public const int ExtraFrames = 2;

    private const uint Ram = 1;
    private const uint Reserved = 2;
    private const uint Acpi = 3;

    /// <summary>Bytes of memory below the gap.</summary>
    public static ulong LowMemory(DomainConfig config) =>
        Math.Min((ulong)config.MemoryFrames << PhysicalMemory.FrameShift, LowMemoryLimit);

    /// <summary>Bytes of memory above the gap.</summary>
    public static ulong HighMemory(DomainConfig config) =>
        ((ulong)config.MemoryFrames << PhysicalMemory.FrameShift) - LowMemory(config);

    /// <summary>
    /// Where that ends what a kernel is handed: within the first GiB if there is room, because Linux's PVH entry reads some of it before it
    /// maps more.
    /// </summary>
    /// <param name="lowMemory">Bytes of memory below the gap.</param>
    /// <param name="kernelEnd">First address above the kernel.</param>
    /// <param name="needed">Bytes that are handed.</param>
    public static ulong HandOverEnd(ulong lowMemory, ulong kernelEnd, ulong needed)
    {
        const ulong mapped = 0x4000_0000;
        return lowMemory > mapped && kernelEnd <= mapped && needed <= mapped - kernelEnd ? mapped : lowMemory;
    }

    /// <summary>Describes the layout, in ascending order of address.</summary>
    public static void Fill(GuestMemoryMap map, DomainConfig config)
    {
        map.Add(0, LowMemory(config), Ram);
        if (config.Devices.Length != 0)
            map.Add(DeviceMemory, DeviceMemoryEnd - DeviceMemory, Reserved);

        map.Add(AcpiTables, PhysicalMemory.FrameSize, Acpi);
        map.Add(SpecialPages, SpecialPagesEnd - SpecialPages, Reserved);
        if (HighMemory(config) != 0)
            map.Add(HighMemoryStart, HighMemory(config), Ram);
    }
}
