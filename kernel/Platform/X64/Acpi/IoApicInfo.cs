namespace Microkernel.Platform.Acpi;

/// <summary>An I/O APIC: its registers and the first of its interrupts in the system's numbering.</summary>
public readonly struct IoApicInfo
{
    /// <summary>Takes the fields of the entry.</summary>
    public IoApicInfo(uint address, uint firstInterrupt)
    {
        Address = address;
        FirstInterrupt = firstInterrupt;
    }

    /// <summary>Physical address of the registers.</summary>
    public uint Address { get; }

    /// <summary>Global number of input 0.</summary>
    public uint FirstInterrupt { get; }
}
