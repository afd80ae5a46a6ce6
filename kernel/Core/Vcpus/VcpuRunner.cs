using System.Runtime.CompilerServices;
using Microkernel.Core.Dispatch;
using Microkernel.Core.Hardware;
using Microkernel.Core.Hypercalls;

namespace Microkernel.Core.Vcpus;

/// <summary>One trip into a guest and back.</summary>
public static class VcpuRunner
{
    /// <summary>
    /// Delivers what is pending, enters the guest until its next exit, and serves that exit. Neither happens if the vCPU wants to leave
    /// or the CPU's timer must be set anew first.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RunOnce(PhysicalCpu cpu, Vcpu vcpu)
    {
        if (vcpu.Pending != PendingWork.None)
        {
            InterruptDelivery.Prepare(vcpu);
            if (vcpu.WantsToLeave || cpu.Timers.HasChanged)
                return;
        }

        vcpu.Walks.Forget();
        uint asid = cpu.Asids.EnterGuest(vcpu.Tlb, ref vcpu.AsidTag, out bool flush);
        ExitReason reason = vcpu.Hardware.Run(asid, flush);
        cpu.Asids.LeaveGuest();
        if (reason == ExitReason.Hypercall)
            HypercallDispatcher.Serve(vcpu, in vcpu.Hardware.Exit);
        else if (reason == ExitReason.Cpuid)
            ExitHandler.ServeCpuid(vcpu, in vcpu.Hardware.Exit);
        else if (reason == ExitReason.Halt)
            ExitHandler.ServeHalt(vcpu, in vcpu.Hardware.Exit);
        else if (reason != ExitReason.HostInterrupt)
            ExitHandler.Handle(vcpu, ref vcpu.Hardware.Exit);
        else if (vcpu.Hardware.IsInShadow)
            ExitHandler.FinishShadow(vcpu);
    }
}
