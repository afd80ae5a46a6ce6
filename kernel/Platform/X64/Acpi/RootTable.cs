using System;
using System.Runtime.InteropServices;

namespace Microkernel.Platform.Acpi;

/// <summary>The list of tables: RSDT with 32-bit or XSDT with 64-bit addresses (ACPI 6.5, 5.2.7 and 5.2.8).</summary>
public readonly ref struct RootTable
{
    private readonly ReadOnlySpan<byte> _entries;
    private readonly bool _wide;

    private RootTable(ReadOnlySpan<byte> entries, bool wide)
    {
        _entries = entries;
        _wide = wide;
    }

    /// <summary>Number of tables listed.</summary>
    public int Count => _entries.Length / (_wide ? sizeof(ulong) : sizeof(uint));

    /// <summary>Physical address of a table.</summary>
    public ulong this[int index] => _wide
        ? MemoryMarshal.Read<ulong>(_entries.Slice(index * sizeof(ulong)))
        : MemoryMarshal.Read<uint>(_entries.Slice(index * sizeof(uint)));

    /// <summary>Opens the XSDT, or the RSDT when there is no sound XSDT.</summary>
    public static bool TryOpen(AcpiHost host, RootPointer pointer, out RootTable root) =>
        TryOpen(host, "XSDT", "XSDT"u8, pointer.Xsdt, true, out root)
        || TryOpen(host, "RSDT", "RSDT"u8, pointer.Rsdt, false, out root);

    private static bool TryOpen(
        AcpiHost host, string name, ReadOnlySpan<byte> signature, ulong address, bool wide, out RootTable root)
    {
        root = default;
        if (address == 0 || !AcpiTable.TryOpen(host, name, address, out ReadOnlySpan<byte> table))
            return false;

        if (AcpiTable.Signature(table) != AcpiTable.Signature(signature))
        {
            host.Warn(name, "is another table");
            return false;
        }

        root = new RootTable(table.Slice(AcpiTable.HeaderSize), wide);
        return true;
    }
}
