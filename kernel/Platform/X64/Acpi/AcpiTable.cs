using System;
using System.Runtime.InteropServices;

namespace Microkernel.Platform.Acpi;

/// <summary>What all ACPI tables share (ACPI 6.5, 5.2.6): a header with signature, length and checksum.</summary>
public static class AcpiTable
{
    /// <summary>Bytes in the header.</summary>
    public const int HeaderSize = 36;

    /// <summary>Longest table that is looked at: 4096 CPUs need 64 KiB.</summary>
    public const int MaximumSize = 1 << 20;

    private const int LengthOffset = 4;

    /// <summary>The four characters of a signature as the number they make in memory.</summary>
    public static uint Signature(ReadOnlySpan<byte> text) => MemoryMarshal.Read<uint>(text);

    /// <summary>All bytes add up to zero.</summary>
    public static bool ChecksumHolds(ReadOnlySpan<byte> bytes)
    {
        byte sum = 0;
        foreach (byte value in bytes)
            sum = (byte)((sum + value) & 0xff);

        return sum == 0;
    }

    /// <summary>The signature of the table at an address, or 0 when there is no memory.</summary>
    public static uint SignatureAt(AcpiHost host, ulong address) =>
        address != 0 && host.TryMap(address, HeaderSize, out ReadOnlySpan<byte> header) ? Signature(header) : 0;

    /// <summary>Shows the table at an address, whole and with a good checksum; otherwise says why not.</summary>
    public static bool TryOpen(AcpiHost host, string name, ulong address, out ReadOnlySpan<byte> table)
    {
        table = default;
        if (!host.TryMap(address, HeaderSize, out ReadOnlySpan<byte> header))
        {
            host.Warn(name, "lies outside of memory");
            return false;
        }

        uint length = MemoryMarshal.Read<uint>(header.Slice(LengthOffset));
        if (length is < HeaderSize or > MaximumSize || !host.TryMap(address, (int)length, out table))
        {
            host.Warn(name, "has an impossible length");
            return false;
        }

        if (!ChecksumHolds(table))
        {
            host.Warn(name, "has a wrong checksum");
            return false;
        }

        return true;
    }
}
