using System;

namespace Microkernel.Platform.Svm;

/// <summary>Virtual interrupt control, the dword at 060h.</summary>
[Flags]
internal enum VirtualInterrupt : uint
{
    /// <summary>V_TPR: the task priority that the guest reads from CR8.</summary>
    TaskPriority = 0xF,

    /// <summary>V_IRQ: a virtual interrupt is pending.</summary>
    Pending = 1u << 8,

    /// <summary>V_NMI: a virtual NMI is pending.</summary>
    NmiPending = 1u << 11,

    /// <summary>V_NMI_MASK: the guest serves an NMI.</summary>
    NmiMasked = 1u << 12,

    /// <summary>V_IGN_TPR: the virtual interrupt is taken whatever V_TPR says.</summary>
    IgnorePriority = 1u << 20,

    /// <summary>V_INTR_MASKING: the guest's IF and CR8 do not hold back the host's interrupts.</summary>
    Masking = 1u << 24,

    /// <summary>V_NMI_ENABLE: the CPU does NMI blocking for the guest.</summary>
    NmiEnable = 1u << 26,
}
