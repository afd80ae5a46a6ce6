using System;
using System.Runtime.InteropServices;

namespace Microkernel.Platform.Acpi;

/// <summary>What the FADT says about timers (ACPI 6.5, 5.2.9). Older, shorter tables lack the later fields.</summary>
public readonly struct Fadt
{
    private const int PmTimerOffset = 76;
    private const int PmTimerLengthOffset = 91;
    private const int CenturyOffset = 108;
    private const int FlagsOffset = 112;
    private const int ExtendedPmTimerOffset = 208;
    private const int ExtendedPmTimerAddressOffset = 212;
    private const uint WideTimer = 1 << 8;
    private const byte IoSpace = 1;

    /// <summary>Reads a table whose header was checked.</summary>
    public Fadt(ReadOnlySpan<byte> table)
    {
        bool hasLength = table.Length > PmTimerLengthOffset && table[PmTimerLengthOffset] == sizeof(uint);
        PmTimerPort = hasLength ? Port(table) : (ushort)0;
        if (table.Length >= FlagsOffset + sizeof(uint))
        {
            PmTimerIsWide = (MemoryMarshal.Read<uint>(table.Slice(FlagsOffset)) & WideTimer) != 0;
            CenturyRegister = table[CenturyOffset];
        }
    }

    /// <summary>I/O port of the power management timer, or 0.</summary>
    public ushort PmTimerPort { get; }

    /// <summary>The timer has 32 bits, not 24.</summary>
    public bool PmTimerIsWide { get; }

    /// <summary>CMOS register with the century in BCD, or 0.</summary>
    public byte CenturyRegister { get; }

    private static ushort Port(ReadOnlySpan<byte> table)
    {
        ulong port = MemoryMarshal.Read<uint>(table.Slice(PmTimerOffset));
        if (table.Length >= ExtendedPmTimerAddressOffset + sizeof(ulong) && table[ExtendedPmTimerOffset] == IoSpace)
        {
            ulong extended = MemoryMarshal.Read<ulong>(table.Slice(ExtendedPmTimerAddressOffset));
            port = extended != 0 ? extended : port;
        }

        return port <= ushort.MaxValue ? (ushort)port : (ushort)0;
    }
}
