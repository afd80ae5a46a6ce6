using Microkernel.Platform.Apic;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Timers;

/// <summary>
/// Measures TSC and APIC timer: roughly in a short wait at the beginning, so that delays and the timer work, and the TSC
/// precisely over the rest of start-up, which costs no waiting of its own.
/// </summary>
internal sealed class Calibration
{
    private const ulong RoughWindowsPerSecond = 500;
    private const ulong PreciseWindowsPerSecond = 10;

    private readonly ReferenceClock _reference;
    private readonly ClockSample _start;

    /// <summary>Measures roughly, for 2 ms, and starts to measure precisely.</summary>
    public Calibration(ReferenceClock reference, LocalApic apic)
    {
        _reference = reference;
        uint window = (uint)(reference.Frequency / RoughWindowsPerSecond);
        apic.StartCount(uint.MaxValue);
        ClockSample first = ClockSample.Take(reference);
        uint firstCount = apic.TimerCount;
        while (((reference.Read() - first.Reference) & reference.Mask) < window)
            Cpu.Pause();

        _start = ClockSample.Take(reference);
        uint counted = firstCount - apic.TimerCount;
        apic.StartCount(0);
        uint elapsed = (_start.Reference - first.Reference) & reference.Mask;
        RoughTscFrequency = FrequencyMath.Frequency(_start.Tsc - first.Tsc, elapsed, reference.Frequency);
        ApicFrequency = FrequencyMath.Frequency(counted, elapsed, reference.Frequency);
    }

    /// <summary>TSC frequency in Hz, good to a thousandth.</summary>
    public ulong RoughTscFrequency { get; }

    /// <summary>Frequency of the APIC timer in Hz, good to a thousandth; meaningless where it takes deadlines.</summary>
    public ulong ApicFrequency { get; }

    /// <summary>When the precise measurement has taken long enough (100 ms), TSC.</summary>
    public ulong EarliestEnd => _start.Tsc + (RoughTscFrequency / PreciseWindowsPerSecond);

    /// <summary>Ends the precise measurement; returns the TSC frequency in Hz.</summary>
    public ulong Finish()
    {
        ClockSample end = ClockSample.Take(_reference);
        ulong ticks = end.Tsc - _start.Tsc;
        ulong estimate = FrequencyMath.Convert(ticks, RoughTscFrequency, _reference.Frequency);
        uint shown = (end.Reference - _start.Reference) & _reference.Mask;
        return FrequencyMath.Frequency(ticks, FrequencyMath.Unwrap(shown, _reference.Mask, estimate), _reference.Frequency);
    }
}
