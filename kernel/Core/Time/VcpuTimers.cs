using Microkernel.Core.Hardware;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Time;

/// <summary>The timers of a vCPU that are hypercalls: single-shot, periodic, and the time-out of SCHEDOP_poll.</summary>
public sealed class VcpuTimers(Vcpu vcpu)
{
    /// <summary>Timers of a vCPU: these three and that of its local APIC.</summary>
    public const int PerVcpu = 4;

    private readonly PollTimeout _poll = new(vcpu);

    /// <summary>Fires once (set_timer_op, VCPUOP_set_singleshot_timer).</summary>
    public TimerEvent SingleShot { get; } = new(vcpu);

    /// <summary>Fires again and again (VCPUOP_set_periodic_timer).</summary>
    public TimerEvent Periodic { get; } = new(vcpu);

    /// <summary>SCHEDOP_poll ends at the system time <paramref name="deadline"/> (ns). On the vCPU's own CPU.</summary>
    public void StartPoll(ulong deadline)
    {
        Kernel kernel = vcpu.Domain.Kernel;
        kernel.ThisCpu.Timers.Arm(_poll, kernel.Clock.TscAt(deadline));
    }

    /// <summary>SCHEDOP_poll has ended. On the vCPU's own CPU.</summary>
    public void StopPoll() => TimerQueue.Cancel(_poll);

    /// <summary>None is armed, as for a new domain.</summary>
    public void Reset()
    {
        StopPoll();
        SingleShot.Stop();
        Periodic.Stop();
    }
}
