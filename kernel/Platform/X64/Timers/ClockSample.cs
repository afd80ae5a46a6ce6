using Microkernel.Platform.X64;

namespace Microkernel.Platform.Timers;

/// <summary>What the TSC and a reference clock showed at the same moment.</summary>
internal readonly struct ClockSample
{
    private const int Tries = 8;
    private const int Patience = 10_000;

    private ClockSample(ulong tsc, uint reference)
    {
        Tsc = tsc;
        Reference = reference;
    }

    /// <summary>The time stamp counter.</summary>
    public ulong Tsc { get; }

    /// <summary>The reference clock, just after one of its ticks.</summary>
    public uint Reference { get; }

    /// <summary>
    /// Reads both several times, each time at a tick of the reference, and keeps the reading that took the shortest:
    /// nothing (an SMI, a hypervisor below) came between its two halves.
    /// </summary>
    public static ClockSample Take(ReferenceClock reference)
    {
        ulong shortest = ulong.MaxValue;
        ClockSample best = default;
        for (int i = 0; i < Tries; i++)
        {
            ulong duration = TakeOnce(reference, out ClockSample sample);
            if (duration < shortest)
            {
                shortest = duration;
                best = sample;
            }
        }

        return best;
    }

    private static ulong TakeOnce(ReferenceClock reference, out ClockSample sample)
    {
        uint previous = reference.Read();
        ulong before = 0, after = 0;
        uint now = previous;
        for (int i = 0; i < Patience && now == previous; i++)
        {
            before = Cpu.ReadTsc();
            now = reference.Read();
            after = Cpu.ReadTsc();
        }

        sample = new ClockSample(before + ((after - before) / 2), now);
        return after - before;
    }
}
