using System.Runtime.InteropServices;

namespace Microkernel.Platform.Smp;

/// <summary>The data at the end of the trampoline; Trampoline.S knows the layout.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TrampolineMailbox
{
    /// <summary>Physical address of the core's page tables.</summary>
    public ulong Root;

    /// <summary>Top of the stack for the processor that claims the offer.</summary>
    public ulong Stack;

    /// <summary>Its number.</summary>
    public uint Cpu;

    /// <summary>State of the offer, see <see cref="Trampoline"/>.</summary>
    public uint Offer;

    /// <summary>Physical address of the page tables that also map the trampoline where it is.</summary>
    public uint BootRoot;

    /// <summary>CR0 to start with.</summary>
    public uint Cr0;

    /// <summary>CR4 to start with.</summary>
    public uint Cr4;

    /// <summary>EFER to start with.</summary>
    public uint Efer;

    /// <summary>Where the jump to 64-bit code goes: offset in the page as assembled, address once placed.</summary>
    public uint FarOffset;

    /// <summary>Its code segment.</summary>
    public ushort FarSelector;

    /// <summary>Limit of the temporary GDT.</summary>
    public ushort GdtLimit;

    /// <summary>Its address: offset in the page as assembled, address once placed.</summary>
    public uint GdtBase;
}
