using System;
using System.Runtime.InteropServices;

namespace Microkernel.Platform.Acpi;

/// <summary>The root system description pointer (ACPI 6.5, 5.2.5.3): where the list of tables is.</summary>
public readonly struct RootPointer
{
    private const int Alignment = 16;
    private const int FirstLength = 20;
    private const int RevisionOffset = 15;
    private const int RsdtOffset = 16;
    private const int LengthOffset = 20;
    private const int XsdtOffset = 24;
    private const int ExtendedLength = 36;

    private RootPointer(ulong rsdt, ulong xsdt)
    {
        Rsdt = rsdt;
        Xsdt = xsdt;
    }

    /// <summary>Physical address of the table of 32-bit addresses, or 0.</summary>
    public ulong Rsdt { get; }

    /// <summary>Physical address of the table of 64-bit addresses, or 0.</summary>
    public ulong Xsdt { get; }

    /// <summary>Looks for the pointer at each 16-byte boundary of an area that starts at one.</summary>
    public static bool TryFind(ReadOnlySpan<byte> area, out RootPointer pointer)
    {
        ulong signature = MemoryMarshal.Read<ulong>("RSD PTR "u8);
        for (int at = 0; at <= area.Length - FirstLength; at += Alignment)
        {
            ReadOnlySpan<byte> candidate = area.Slice(at);
            if (MemoryMarshal.Read<ulong>(candidate) == signature && TryParse(candidate, out pointer))
                return true;
        }

        pointer = default;
        return false;
    }

    private static bool TryParse(ReadOnlySpan<byte> bytes, out RootPointer pointer)
    {
        pointer = default;
        if (!AcpiTable.ChecksumHolds(bytes.Slice(0, FirstLength)))
            return false;

        ulong rsdt = MemoryMarshal.Read<uint>(bytes.Slice(RsdtOffset));
        pointer = new RootPointer(rsdt, bytes[RevisionOffset] >= 2 ? ExtendedAddress(bytes) : 0);
        return true;
    }

    // The extended part has a checksum of its own; when it fails, the first part still names the RSDT.
    private static ulong ExtendedAddress(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < ExtendedLength)
            return 0;

        uint length = MemoryMarshal.Read<uint>(bytes.Slice(LengthOffset));
        bool sound = length >= ExtendedLength && length <= bytes.Length
            && AcpiTable.ChecksumHolds(bytes.Slice(0, (int)length));
        return sound ? MemoryMarshal.Read<ulong>(bytes.Slice(XsdtOffset)) : 0;
    }
}
