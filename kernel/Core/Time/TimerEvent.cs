using Microkernel.Core.Abi;
using Microkernel.Core.Hardware;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Time;

/// <summary>A timer of a vCPU that sends VIRQ_TIMER, once or periodically.</summary>
public sealed class TimerEvent(Vcpu vcpu) : Timer
{
    private readonly TicketLock _lock = new();
    private ulong _period;

    /// <summary>Fires at <paramref name="deadline"/> (TSC) and then every <paramref name="period"/> ticks; 0 for once.</summary>
    public void Start(ulong deadline, ulong period)
    {
        using TicketLock.Holder held = _lock.Hold();
        _period = period;
        vcpu.Domain.Kernel.ThisCpu.Timers.Arm(this, deadline);
    }

    /// <summary>Does not fire any more.</summary>
    public void Stop()
    {
        using TicketLock.Holder held = _lock.Hold();
        _period = 0;
        TimerQueue.Cancel(this);
    }

    /// <inheritdoc/>
    protected internal override void Fire()
    {
        using (_lock.Hold())
        {
            // Another CPU may have stopped it or started it anew since it was taken out of the queue.
            if (_period != 0 && !IsArmed)
                vcpu.Domain.Kernel.ThisCpu.Timers.Arm(this, NextDeadline());
        }

        vcpu.Domain.Events.SendVirq(vcpu, EventChannelAbi.VirqTimer);
    }

    // Periods that have passed unserved are left out.
    private ulong NextDeadline()
    {
        ulong now = vcpu.Domain.Kernel.Machine.ReadTsc();
        ulong missed = now > Deadline ? (now - Deadline) / _period : 0;
        return Deadline + ((missed + 1) * _period);
    }
}
