namespace Microkernel.Core.Hardware;

/// <summary>Makers of CPUs, as far as their CPUs need different mitigations.</summary>
public enum ProcessorVendor
{
    /// <summary>Another one: only what it reports by itself is used.</summary>
    Other,

    /// <summary>AMD, and Hygon's variants of its CPUs.</summary>
    Amd,

    /// <summary>Intel.</summary>
    Intel,
}
