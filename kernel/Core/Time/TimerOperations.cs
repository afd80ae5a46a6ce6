using Microkernel.Core.Hypercalls;

namespace Microkernel.Core.Time;

/// <summary>set_timer_op (xen/xen.h).</summary>
public static class TimerOperations
{
    // Xen takes times that are negative or more than 13 days away for a mistake of old guests and makes 100 ms of them.
    private const ulong FarAway = 1UL << 50;
    private const ulong InsteadOfFarAway = 100_000_000;

    /// <summary>Sets the single-shot timer to a system time in ns, or stops it (0). 32-bit guests give it in two halves.</summary>
    public static long SetTimer(ref HypercallCall call)
    {
        ulong deadline = call.Is32 ? call.Arg0 | (call.Arg1 << 32) : call.Arg0;
        TimerEvent timer = call.Vcpu.Timers.SingleShot;
        if (deadline == 0)
        {
            timer.Stop();
            return 0;
        }

        Clock clock = call.Domain.Kernel.Clock;
        ulong now = clock.Now();
        bool isFar = (long)deadline < 0 || (deadline > now && deadline - now >= FarAway);
        timer.Start(clock.TscAt(isFar ? now + InsteadOfFarAway : deadline), 0);
        return 0;
    }
}
