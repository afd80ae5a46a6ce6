using System;
using Microkernel.Core.Logging;
using Microkernel.Platform.Boot;
using Microkernel.Platform.Paging;

namespace Microkernel.Platform.Acpi;

/// <summary>The firmware's tables in this machine's memory.</summary>
internal sealed unsafe class FirmwareMemory : AcpiHost
{
    private const ulong BiosStart = 0xe_0000, BiosEnd = 0x10_0000;
    private const ulong EbdaPointer = 0x40e, EbdaSearched = 1024;
    private const ulong EbdaLowest = 0x8_0000, EbdaHighest = 0xa_0000 - EbdaSearched;
    private const ulong MappableEnd = 1UL << 46;

    private readonly Log _log;

    /// <summary>Complains to a log.</summary>
    public FirmwareMemory(Log log) => _log = log;

    /// <inheritdoc/>
    public override bool TryMap(ulong address, int length, out ReadOnlySpan<byte> bytes)
    {
        bool possible = address < MappableEnd;

        // Sound: reading any physical address is harmless, and the mapping stays until start-up ends.
        bytes = possible ? new ReadOnlySpan<byte>(HostSpace.MapFirmware(address, (ulong)length), length) : default;
        return possible;
    }

    /// <inheritdoc/>
    public override void Warn(string table, string problem) => _log.Write($"ACPI: {table} {problem}");

    /// <summary>
    /// Looks for the root pointer where a BIOS puts it (the extended BIOS data area and the ROM, ACPI 6.5, 5.2.5.1) and, for
    /// UEFI, whose loader has no way to pass it on, in the memory that the firmware keeps its tables in.
    /// </summary>
    public bool TryFindRoot(ReadOnlySpan<PhysicalRange> tableRanges, out RootPointer pointer)
    {
        if (TryFindRoot(ExtendedBiosArea(), EbdaSearched, out pointer)
            || TryFindRoot(BiosStart, BiosEnd - BiosStart, out pointer))
        {
            return true;
        }

        foreach (PhysicalRange range in tableRanges)
        {
            if (TryFindRoot(range.First * HostSpace.PageSize, range.Count * HostSpace.PageSize, out pointer))
                return true;
        }

        return false;
    }

    private bool TryFindRoot(ulong start, ulong length, out RootPointer pointer)
    {
        pointer = default;
        const ulong Longest = 64 << 20;
        return length != 0 && TryMap(start, (int)Math.Min(length, Longest), out ReadOnlySpan<byte> area)
            && RootPointer.TryFind(area, out pointer);
    }

    private ulong ExtendedBiosArea()
    {
        if (!TryMap(EbdaPointer, sizeof(ushort), out ReadOnlySpan<byte> pointer))
            return EbdaHighest;

        ulong address = (ulong)(pointer[0] | (pointer[1] << 8)) << 4;
        return address is >= EbdaLowest and <= EbdaHighest ? address : EbdaHighest;
    }
}
