using System;
using System.Runtime.InteropServices;

namespace Microkernel.Core.Boot;

/// <summary>
/// The ACPI tables of a PVH guest: RSDP, XSDT, a hardware-reduced FADT, an empty DSDT, and a MADT with a local APIC for each vCPU
/// (ACPI 5.0, chapters 5.2.5 to 5.2.12). Without them Linux does not find its CPUs.
/// </summary>
public static class AcpiTables
{
    private const int RsdpSize = 36;
    private const int HeaderSize = 36;
    private const int FadtSize = 268;
    private const int XsdtAt = 64;
    private const int FadtAt = 128;
    private const int DsdtAt = 448;
    private const int MadtAt = 512;
    private const uint LocalApicAddress = 0xFEE0_0000;

    /// <summary>
    /// Writes the tables, RSDP first, for a guest that sees <paramref name="tables"/> at <paramref name="address"/>. vCPU n has APIC id 2n, as
    /// on Xen.
    /// </summary>
    public static void Write(Span<byte> tables, ulong address, int vcpus)
    {
        WriteDsdt(tables.Slice(DsdtAt, HeaderSize));
        WriteFadt(tables.Slice(FadtAt, FadtSize), address + DsdtAt);
        WriteMadt(tables.Slice(MadtAt, HeaderSize + 8 + (vcpus * 8)), vcpus);
        WriteXsdt(tables.Slice(XsdtAt, HeaderSize + 16), address + FadtAt, address + MadtAt);
        WriteRsdp(tables.Slice(0, RsdpSize), address + XsdtAt);
    }

    private static void WriteRsdp(Span<byte> rsdp, ulong xsdt)
    {
        "RSD PTR "u8.CopyTo(rsdp);
        "MKERNL"u8.CopyTo(rsdp.Slice(9));
        rsdp[15] = 2;
        Put(rsdp, 20, (uint)RsdpSize);
        Put(rsdp, 24, xsdt);
        rsdp[8] = Complement(rsdp.Slice(0, 20));
        rsdp[32] = Complement(rsdp);
    }

    private static void WriteXsdt(Span<byte> table, ulong fadt, ulong madt)
    {
        Put(table, HeaderSize, fadt);
        Put(table, HeaderSize + 8, madt);
        Finish(table, "XSDT"u8, 1);
    }

    private static void WriteFadt(Span<byte> table, ulong dsdt)
    {
        const ushort noVga = 1 << 2;
        const ushort noCmosClock = 1 << 5;
        const uint wbinvd = 1;
        const uint noPowerButton = 1 << 4;
        const uint noSleepButton = 1 << 5;
        const uint hardwareReduced = 1 << 20;
        Put(table, 40, (uint)dsdt);
        Put(table, 109, (ushort)(noVga | noCmosClock));
        Put(table, 112, wbinvd | noPowerButton | noSleepButton | hardwareReduced);
        Put(table, 140, dsdt);
        Finish(table, "FACP"u8, 5);
    }

    private static void WriteDsdt(Span<byte> table) => Finish(table, "DSDT"u8, 2);

    private static void WriteMadt(Span<byte> table, int vcpus)
    {
        Put(table, HeaderSize, LocalApicAddress);
        for (int i = 0; i < vcpus; i++)
        {
            Span<byte> entry = table.Slice(HeaderSize + 8 + (i * 8), 8);
            entry[1] = 8;
            entry[2] = (byte)i;
            entry[3] = (byte)(i * 2);
            entry[4] = 1;
        }

        Finish(table, "APIC"u8, 3);
    }

    private static void Finish(Span<byte> table, ReadOnlySpan<byte> signature, byte revision)
    {
        signature.CopyTo(table);
        Put(table, 4, (uint)table.Length);
        table[8] = revision;
        "MKERNL"u8.CopyTo(table.Slice(10));
        "PVHGUEST"u8.CopyTo(table.Slice(16));
        Put(table, 24, 1u);
        "MKRN"u8.CopyTo(table.Slice(28));
        Put(table, 32, 1u);
        table[9] = Complement(table);
    }

    // The byte that makes the table's sum zero; its place holds zero now.
    private static byte Complement(ReadOnlySpan<byte> table)
    {
        byte sum = 0;
        foreach (byte value in table)
            sum += value;

        return (byte)-sum;
    }

    private static void Put<T>(Span<byte> table, int offset, T value)
        where T : unmanaged => MemoryMarshal.Write(table.Slice(offset), in value);
}
