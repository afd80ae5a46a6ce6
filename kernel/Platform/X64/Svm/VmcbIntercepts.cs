using System;

namespace Microkernel.Platform.Svm;

/// <summary>Intercepts of the control area's dword at 00Ch (AMD APM vol. 2, table B-1).</summary>
[Flags]
internal enum Intercepts1 : uint
{
    Interrupt = 1u << 0,
    Nmi = 1u << 1,
    Init = 1u << 3,
    VirtualInterrupt = 1u << 4,
    Rdpmc = 1u << 15,
    Cpuid = 1u << 18,
    Iret = 1u << 20,
    Invd = 1u << 22,
    Pause = 1u << 23,
    Halt = 1u << 24,
    Invlpga = 1u << 26,
    PortIo = 1u << 27,
    Msr = 1u << 28,
    Shutdown = 1u << 31,

    /// <summary>What every vCPU intercepts: what belongs to the host, and what the core answers itself.</summary>
    Always = Interrupt | Nmi | Init | Rdpmc | Cpuid | Invd | Halt | Invlpga | PortIo | Msr | Shutdown,
}

/// <summary>Intercepts of the dword at 010h.</summary>
[Flags]
internal enum Intercepts2 : uint
{
    Vmrun = 1u << 0,
    Vmmcall = 1u << 1,
    Vmload = 1u << 2,
    Vmsave = 1u << 3,
    Stgi = 1u << 4,
    Clgi = 1u << 5,
    Skinit = 1u << 6,
    Wbinvd = 1u << 9,
    Monitor = 1u << 10,
    Mwait = 1u << 11,
    MwaitArmed = 1u << 12,
    Xsetbv = 1u << 13,
    Rdpru = 1u << 14,

    /// <summary>What every vCPU intercepts. VMRUN must be among them.</summary>
    Always = Vmrun | Vmmcall | Vmload | Vmsave | Stgi | Clgi | Skinit | Wbinvd | Monitor | Mwait | MwaitArmed | Xsetbv
        | Rdpru,
}

/// <summary>Intercepts of the dword at 014h.</summary>
[Flags]
internal enum Intercepts3 : uint
{
    Invlpgb = 1u << 0,
    InvlpgbIllegal = 1u << 1,
    Mcommit = 1u << 3,
    Tlbsync = 1u << 4,

    /// <summary>What every vCPU intercepts: broadcast flushes would reach other domains.</summary>
    Always = Invlpgb | InvlpgbIllegal | Mcommit | Tlbsync,
}

/// <summary>Intercepts of exceptions, the dword at 008h: one bit a vector.</summary>
[Flags]
internal enum ExceptionIntercepts : uint
{
    Debug = 1u << 1,
    AlignmentCheck = 1u << 17,
    MachineCheck = 1u << 18,

    /// <summary>
    /// A machine check is the host's. The other two can be made to raise themselves without end while they are being
    /// delivered, in microcode and with interrupts held off: the core must get in between.
    /// </summary>
    Always = Debug | AlignmentCheck | MachineCheck,
}
