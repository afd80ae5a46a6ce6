using Microkernel.Core.Dispatch;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Vcpus;

/// <summary>One trip into a guest and back.</summary>
public static class VcpuRunner
{
    /// <summary>Delivers what is pending, enters the guest until its next exit, and serves that exit.</summary>
    public static void RunOnce(PhysicalCpu cpu, Vcpu vcpu)
    {
        if (vcpu.Pending != PendingWork.None)
        {
            InterruptDelivery.Prepare(vcpu);
            if (vcpu.WantsToLeave)
            {
                return;
            }
        }

        uint asid = cpu.Asids.EnterGuest(vcpu.Domain.Memory.Tlb, ref vcpu.AsidTag, out bool flush);
        ExitReason reason = vcpu.Hardware.Run(asid, flush);
        cpu.Asids.LeaveGuest();
        if (reason != ExitReason.HostInterrupt)
        {
            ExitHandler.Handle(vcpu, ref vcpu.Hardware.Exit);
        }
    }
}
