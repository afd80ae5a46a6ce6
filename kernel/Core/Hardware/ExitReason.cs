namespace Microkernel.Core.Hardware;

/// <summary>Why a vCPU left guest mode, in words that hold for every vendor.</summary>
public enum ExitReason
{
    /// <summary>A host interrupt or NMI; it has been served.</summary>
    HostInterrupt,

    /// <summary>VMMCALL or VMCALL.</summary>
    Hypercall,

    /// <summary>CPUID.</summary>
    Cpuid,

    /// <summary>RDMSR of register ECX, not kept by the vendor's control block.</summary>
    ReadMsr,

    /// <summary>WRMSR of register ECX.</summary>
    WriteMsr,

    /// <summary>IN, OUT, INS or OUTS.</summary>
    PortIo,

    /// <summary>An access that the nested page table refuses.</summary>
    NestedFault,

    /// <summary>HLT.</summary>
    Halt,

    /// <summary>The vCPU can take an interrupt now.</summary>
    InterruptWindow,

    /// <summary>The vCPU can take an NMI now (it executed IRET).</summary>
    NmiWindow,

    /// <summary>MOV to CR8.</summary>
    WriteTaskPriority,

    /// <summary>XSETBV.</summary>
    SetXcr,

    /// <summary>An instruction guests do not have here (virtualization instructions, MONITOR): #UD.</summary>
    UndefinedInstruction,

    /// <summary>WBINVD and INVD: nothing to do without devices.</summary>
    CacheControl,

    /// <summary>RDPMC and other privileged reads that get #GP.</summary>
    ProtectedInstruction,

    /// <summary>A spin loop was seen.</summary>
    Pause,

    /// <summary>Triple fault.</summary>
    TripleFault,

    /// <summary>The control block was refused by the CPU.</summary>
    InvalidState,

    /// <summary>An exit nobody asked for.</summary>
    Unexpected,
}
