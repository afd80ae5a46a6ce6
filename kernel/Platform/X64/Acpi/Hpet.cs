using System;
using System.Runtime.InteropServices;

namespace Microkernel.Platform.Acpi;

/// <summary>The HPET description table (IA-PC HPET specification 1.0a, 3.2.4).</summary>
public static class Hpet
{
    private const int AddressSpaceOffset = 40;
    private const int AddressOffset = 44;

    /// <summary>Physical address of the timer block's registers in memory.</summary>
    public static bool TryParse(ReadOnlySpan<byte> table, out ulong address)
    {
        address = 0;
        if (table.Length < AddressOffset + sizeof(ulong) || table[AddressSpaceOffset] != 0)
            return false;

        address = MemoryMarshal.Read<ulong>(table.Slice(AddressOffset));
        return address != 0;
    }
}
