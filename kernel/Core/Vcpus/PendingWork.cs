using System;

namespace Microkernel.Core.Vcpus;

/// <summary>What a vCPU must look at before it enters the guest again. Bits are set by anybody and cleared by the vCPU's own CPU.</summary>
[Flags]
public enum PendingWork
{
    None = 0,

    /// <summary>evtchn_upcall_pending may be set in its vcpu_info.</summary>
    Upcall = 1,

    /// <summary>Its local APIC has interrupts, from others or from its timer.</summary>
    Apic = 2,

    /// <summary>An NMI.</summary>
    Nmi = 4,

    /// <summary>INIT or a start-up IPI has arrived.</summary>
    Startup = 8,

    /// <summary>Its pvclock and time areas must be written anew.</summary>
    Clock = 16,

    /// <summary>Its domain has ended.</summary>
    Stop = 32,

    /// <summary>Something it waited for has happened (SCHEDOP_poll, a timer); nothing else to do.</summary>
    Wake = 64,

    /// <summary>With <see cref="Upcall"/>: evtchn_upcall_pending was set since the guest was left, and still is.</summary>
    FreshUpcall = 128,
}
