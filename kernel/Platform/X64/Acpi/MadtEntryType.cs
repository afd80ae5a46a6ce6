namespace Microkernel.Platform.Acpi;

/// <summary>The kinds of MADT entries the core reads (ACPI 6.5, table 5.21).</summary>
public enum MadtEntryType : byte
{
    /// <summary>A processor with an 8-bit APIC id.</summary>
    LocalApic = 0,

    /// <summary>An I/O APIC.</summary>
    IoApic = 1,

    /// <summary>Where an ISA interrupt arrives.</summary>
    InterruptOverride = 2,

    /// <summary>The local APICs' address where it does not fit the table's own field.</summary>
    LocalApicAddress = 5,

    /// <summary>A processor with a 32-bit APIC id.</summary>
    LocalX2Apic = 9,

    /// <summary>Anything else, or an entry too short for what it claims to be.</summary>
    Other = 255,
}
