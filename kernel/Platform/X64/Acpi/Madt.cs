using System;
using System.Runtime.InteropServices;

namespace Microkernel.Platform.Acpi;

/// <summary>What the MADT says (ACPI 6.5, 5.2.12): processors, I/O APICs and how ISA interrupts reach them.</summary>
public sealed class Madt
{
    private const int LocalApicAddressOffset = 36;
    private const uint Enabled = 1;
    private const uint NoApicId = 0xff;

    private readonly uint[] _apicIds;
    private int _cpuCount;
    private int _ioApicCount;
    private int _overrideCount;
    private readonly IoApicInfo[] _ioApics;
    private readonly InterruptOverride[] _overrides;

    private Madt(int cpus, int ioApics, int overrides)
    {
        _apicIds = new uint[cpus];
        _ioApics = new IoApicInfo[ioApics];
        _overrides = new InterruptOverride[overrides];
    }

    /// <summary>APIC ids of the processors that can be used, each once, in the table's order.</summary>
    public ReadOnlySpan<uint> ApicIds => _apicIds.AsSpan(0, _cpuCount);

    /// <summary>The I/O APICs.</summary>
    public ReadOnlySpan<IoApicInfo> IoApics => _ioApics;

    /// <summary>Physical address of the local APICs' registers.</summary>
    public ulong LocalApicAddress { get; private set; }

    /// <summary>Reads a table whose header was checked. Entries after a broken one are lost, with a warning.</summary>
    public static Madt Parse(AcpiHost host, ReadOnlySpan<byte> table)
    {
        int cpus = 0, ioApics = 0, overrides = 0;
        var entries = new MadtEntries(table);
        while (entries.MoveNext())
        {
            cpus += entries.Type is MadtEntryType.LocalApic or MadtEntryType.LocalX2Apic ? 1 : 0;
            ioApics += entries.Type == MadtEntryType.IoApic ? 1 : 0;
            overrides += entries.Type == MadtEntryType.InterruptOverride ? 1 : 0;
        }

        if (entries.IsBroken)
            host.Warn("MADT", "is damaged, what follows the damage is not used");

        var madt = new Madt(cpus, ioApics, overrides);
        madt.Fill(table);
        return madt;
    }

    /// <summary>The override of an ISA interrupt, or its identity mapping.</summary>
    public InterruptOverride IsaInterrupt(byte source)
    {
        foreach (InterruptOverride entry in _overrides)
        {
            if (entry.Source == source)
                return entry;
        }

        return new InterruptOverride(source, source, 0);
    }

    private void Fill(ReadOnlySpan<byte> table)
    {
        if (table.Length >= LocalApicAddressOffset + sizeof(uint))
            LocalApicAddress = MemoryMarshal.Read<uint>(table.Slice(LocalApicAddressOffset));

        var entries = new MadtEntries(table);
        while (entries.MoveNext())
            Add(entries.Type, entries.Entry);
    }

    private void Add(MadtEntryType type, ReadOnlySpan<byte> entry)
    {
        switch (type)
        {
            case MadtEntryType.LocalApic:
                AddCpu(entry[3], MemoryMarshal.Read<uint>(entry.Slice(4)), entry[3] != NoApicId);
                break;
            case MadtEntryType.LocalX2Apic:
                AddCpu(MemoryMarshal.Read<uint>(entry.Slice(4)), MemoryMarshal.Read<uint>(entry.Slice(8)), true);
                break;
            case MadtEntryType.IoApic:
                _ioApics[_ioApicCount++] = new IoApicInfo(
                    MemoryMarshal.Read<uint>(entry.Slice(4)), MemoryMarshal.Read<uint>(entry.Slice(8)));
                break;
            case MadtEntryType.InterruptOverride:
                _overrides[_overrideCount++] = new InterruptOverride(
                    entry[3], MemoryMarshal.Read<uint>(entry.Slice(4)), MemoryMarshal.Read<ushort>(entry.Slice(8)));
                break;
            case MadtEntryType.LocalApicAddress:
                LocalApicAddress = MemoryMarshal.Read<ulong>(entry.Slice(4));
                break;
        }
    }

    // Firmware may list a processor twice, with an entry of either kind.
    private void AddCpu(uint apicId, uint flags, bool valid)
    {
        if (valid && (flags & Enabled) != 0 && ApicIds.IndexOf(apicId) < 0)
            _apicIds[_cpuCount++] = apicId;
    }
}
