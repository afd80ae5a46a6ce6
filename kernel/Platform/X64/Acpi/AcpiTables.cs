using System;

namespace Microkernel.Platform.Acpi;

/// <summary>What the core takes from ACPI. A table that is missing or broken leaves its part empty, with a warning.</summary>
public sealed class AcpiTables
{
    private AcpiTables()
    {
    }

    /// <summary>Processors and interrupt controllers, if the table is there and sound.</summary>
    public Madt? Madt { get; private set; }

    /// <summary>Timers, if the table is there and sound.</summary>
    public Fadt? Fadt { get; private set; }

    /// <summary>Physical address of the HPET, or 0.</summary>
    public ulong HpetAddress { get; private set; }

    /// <summary>No tables at all: a machine without ACPI.</summary>
    public static AcpiTables None { get; } = new();

    /// <summary>Reads the tables that a root pointer leads to.</summary>
    public static AcpiTables Read(AcpiHost host, RootPointer pointer)
    {
        var tables = new AcpiTables();
        if (!RootTable.TryOpen(host, pointer, out RootTable root))
        {
            host.Warn("XSDT", "is not there, nor an RSDT");
            return tables;
        }

        for (int i = 0; i < root.Count; i++)
            tables.Take(host, root[i]);

        return tables;
    }

    private void Take(AcpiHost host, ulong address)
    {
        uint signature = AcpiTable.SignatureAt(host, address);
        if (signature == AcpiTable.Signature("APIC"u8))
            TakeMadt(host, address);
        else if (signature == AcpiTable.Signature("FACP"u8))
            TakeFadt(host, address);
        else if (signature == AcpiTable.Signature("HPET"u8))
            TakeHpet(host, address);
    }

    private void TakeMadt(AcpiHost host, ulong address)
    {
        if (Madt == null && AcpiTable.TryOpen(host, "MADT", address, out ReadOnlySpan<byte> table))
            Madt = Madt.Parse(host, table);
    }

    private void TakeFadt(AcpiHost host, ulong address)
    {
        if (Fadt == null && AcpiTable.TryOpen(host, "FADT", address, out ReadOnlySpan<byte> table))
            Fadt = new Fadt(table);
    }

    private void TakeHpet(AcpiHost host, ulong address)
    {
        if (HpetAddress != 0 || !AcpiTable.TryOpen(host, "HPET", address, out ReadOnlySpan<byte> table))
            return;

        if (Hpet.TryParse(table, out ulong registers))
            HpetAddress = registers;
        else
            host.Warn("HPET", "names no usable address");
    }
}
