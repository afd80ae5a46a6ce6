namespace Microkernel.Core.Vcpus;

/// <summary>What IA32_APIC_BASE has made of the local APIC.</summary>
public enum ApicMode
{
    /// <summary>Switched off.</summary>
    Disabled,

    /// <summary>Registers in a page of memory, ids of 8 bits.</summary>
    XApic,

    /// <summary>Registers are MSRs, ids of 32 bits.</summary>
    X2Apic,
}
