using System;
using System.Runtime.CompilerServices;
using Microkernel.Core.Events;
using Microkernel.Core.Time;

namespace Microkernel.Core.Vcpus;

/// <summary>
/// Hands a vCPU what is pending before it enters the guest: one event at a time, in Xen's order (NMI, event channel upcall, local APIC),
/// and asks for an exit as soon as the next one can be taken.
/// </summary>
public static class InterruptDelivery
{
    // What became of the interrupts.
    [Flags]
    private enum Delivery
    {
        None = 0,
        Injected = 1,
        Waits = 2,
    }

    private const PendingWork Rare = PendingWork.Startup | PendingWork.Clock | PendingWork.Wake | PendingWork.Stop;

    /// <summary>
    /// Looks at the pending work of <paramref name="vcpu"/>, on its own CPU. It may decide that the vCPU waits on, goes offline or has ended.
    /// </summary>
    public static void Prepare(Vcpu vcpu)
    {
        PendingWork pending = vcpu.Pending;
        if ((pending & Rare) != 0 && !TryServeRare(vcpu))
            return;

        Delivery done = (pending & PendingWork.Nmi) != 0 && TryInjectNmi(vcpu) ? Delivery.Injected : Delivery.None;
        if ((pending & PendingWork.Upcall) != 0)
            done |= InjectUpcall(vcpu, pending, done);

        if ((pending & PendingWork.Apic) != 0)
            done |= InjectApic(vcpu, done);

        vcpu.Hardware.InterruptWindow = (done & Delivery.Waits) != 0;
        if (vcpu.IsHalted)
            StayHalted(vcpu, (done & Delivery.Injected) != 0);
    }

    // A halted vCPU goes on with an interrupt only, unless something is left that would wake it again and again.
    private static void StayHalted(Vcpu vcpu, bool injected)
    {
        vcpu.IsHalted = !injected && vcpu.Pending == PendingWork.None;
        vcpu.WantsBlock = vcpu.IsHalted;
    }

    // False if the vCPU is not to go on: it goes offline, or its domain has ended.
    private static bool TryServeRare(Vcpu vcpu)
    {
        PendingWork work = vcpu.Take(Rare);
        if ((work & PendingWork.Startup) != 0)
            vcpu.Apic.Startup.Obey();

        if ((work & PendingWork.Clock) != 0)
            PvClock.Publish(vcpu);

        if (vcpu.Domain.IsEnding)
        {
            vcpu.WantsBlock = true;
            return false;
        }

        return !vcpu.WantsOffline;
    }

    private static bool TryInjectNmi(Vcpu vcpu)
    {
        if (!vcpu.Hardware.CanTakeNmi)
            return false;

        vcpu.Take(PendingWork.Nmi);
        vcpu.Hardware.InjectNmi();
        return true;
    }

    // Level semantics: the guest gets the vector as soon as it can, if evtchn_upcall_pending is still set then, which needs no look
    // while the guest has not run since it was set.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Delivery InjectUpcall(Vcpu vcpu, PendingWork pending, Delivery before)
    {
        vcpu.Drop(PendingWork.Upcall | PendingWork.FreshUpcall);
        byte callback = vcpu.Domain.Parameters.CallbackVector;
        if (callback == 0 || ((pending & PendingWork.FreshUpcall) == 0 && !VcpuInfo.IsUpcallPending(vcpu)))
            return Delivery.None;

        if (TryInject(vcpu, callback, before))
            return Delivery.Injected;

        vcpu.PostLocally(PendingWork.Upcall);
        return Delivery.Waits;
    }

    // It may be injected, and another one wait.
    private static Delivery InjectApic(Vcpu vcpu, Delivery before)
    {
        vcpu.Take(PendingWork.Apic);
        vcpu.Apic.Timer.Rearm();
        int vector = vcpu.Apic.NextVector;
        if (vector < 0)
            return Delivery.None;

        Delivery done = Delivery.None;
        if (TryInject(vcpu, (byte)vector, before))
        {
            done = Delivery.Injected;
            vcpu.Apic.Accept((byte)vector);
            if (vcpu.Apic.NextVector < 0)
                return done;
        }

        vcpu.PostLocally(PendingWork.Apic);
        return done | Delivery.Waits;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryInject(Vcpu vcpu, byte vector, Delivery before)
    {
        if ((before & Delivery.Injected) != 0 || !vcpu.Hardware.CanTakeInterrupt)
            return false;

        vcpu.Hardware.InjectInterrupt(vector);
        return true;
    }
}
