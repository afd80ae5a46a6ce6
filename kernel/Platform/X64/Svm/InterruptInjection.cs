using System.Runtime.CompilerServices;

namespace Microkernel.Platform.Svm;

/// <summary>
/// How a guest gets an external interrupt: as a virtual interrupt (V_IRQ), which the CPU delivers at the entry, and not by EVENTINJ, which
/// QEMU delivers a second time when it stops the CPU before its next exit. The window exit needs V_IRQ too; an interrupt that is chosen
/// beside it goes by EVENTINJ after all. At most one of EVENTINJ and a chosen virtual interrupt holds an interrupt.
/// </summary>
internal static class InterruptInjection
{
    private const VirtualInterrupt Request = VirtualInterrupt.Pending | VirtualInterrupt.IgnorePriority;

    /// <summary>Nothing can be injected: STI or MOV SS holds it back, or the next entry delivers something else.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsHeldBack(in VmcbControl control) =>
        control.InterruptShadow != 0 || SvmEvent.IsValid(control.EventInjection) || IsChosen(in control);

    /// <summary>Chooses an interrupt for the next entry; it stays chosen while the host's interrupts end the entry before its delivery.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Choose(ref VmcbControl control, byte vector)
    {
        SetWindow(ref control, false);
        control.VirtualInterruptVector = vector;
        control.VirtualInterrupt |= Request;
        control.Clean &= ~VmcbClean.VirtualInterrupt;
    }

    /// <summary>Opens or closes the window: a pending virtual interrupt, its delivery intercepted, exits once the guest can take one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void SetWindow(ref VmcbControl control, bool open)
    {
        if (IsWindowOpen(in control) != open)
            ChangeWindow(ref control, open);
    }

    /// <summary>
    /// After an exit: the event whose delivery it interrupted goes first at the next entry. A virtual interrupt that is still noted as pending
    /// is delivered anyway.
    /// </summary>
    internal static void Redeliver(ref VmcbControl control) =>
        control.EventInjection = IsChosen(in control) ? 0 : SvmEvent.Redeliver(control.ExitInterruptInfo);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ChangeWindow(ref VmcbControl control, bool open)
    {
        if (IsChosen(in control))
            control.EventInjection = SvmEvent.Interrupt(control.VirtualInterruptVector);

        control.Intercepts1 ^= Intercepts1.VirtualInterrupt;
        control.VirtualInterrupt = open ? control.VirtualInterrupt | Request : control.VirtualInterrupt & ~Request;
        control.Clean &= ~(VmcbClean.VirtualInterrupt | VmcbClean.Intercepts);
    }

    private static bool IsWindowOpen(in VmcbControl control) => (control.Intercepts1 & Intercepts1.VirtualInterrupt) != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsChosen(in VmcbControl control) =>
        (control.VirtualInterrupt & VirtualInterrupt.Pending) != 0 && !IsWindowOpen(in control);
}
