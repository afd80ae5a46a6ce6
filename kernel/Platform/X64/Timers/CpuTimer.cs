using System;
using Microkernel.Platform.Apic;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Timers;

/// <summary>
/// Each CPU's one-shot timer in terms of the TSC. Where the APIC timer counts down only, it may fire early, by rounding or
/// because the time is beyond its range; whoever armed it looks at the TSC and arms it again.
/// </summary>
internal sealed class CpuTimer
{
    private const ulong Off = ulong.MaxValue;
    private readonly LocalApic _apic;
    private readonly ulong[] _armed;
    private readonly ulong _countsPerTick;
    private readonly ulong _longest;

    /// <summary>The timers of <paramref name="cpus"/> CPUs, all off.</summary>
    public CpuTimer(LocalApic apic, int cpus, ulong apicFrequency, ulong tscFrequency)
    {
        _apic = apic;
        _armed = new ulong[cpus];
        for (int i = 0; i < cpus; i++)
            _armed[i] = Off;

        _countsPerTick = Math.Max((apicFrequency << 32) / tscFrequency, 1);
        _longest = ulong.MaxValue / _countsPerTick;
    }

    /// <summary>Arms the timer of the executing CPU, whose number is <paramref name="cpu"/>; the maximum switches it off.</summary>
    public void Arm(int cpu, ulong deadline)
    {
        if (_armed[cpu] == deadline)
            return;

        _armed[cpu] = deadline;
        if (_apic.UsesDeadline)
            _apic.StartDeadline(deadline == Off ? 0 : deadline);
        else
            _apic.StartCount(deadline == Off ? 0 : CountUntil(deadline));
    }

    /// <summary>The timer of CPU <paramref name="cpu"/> has fired.</summary>
    public void HasFired(int cpu) => _armed[cpu] = Off;

    // The product fits: both factors are at most what the division in the constructor allows.
    private uint CountUntil(ulong deadline)
    {
        ulong now = Cpu.ReadTsc();
        ulong ticks = deadline > now ? Math.Min(deadline - now, _longest) : 0;
        return (uint)Math.Max((ticks * _countsPerTick) >> 32, 1);
    }
}
