using Microkernel.Platform.X64;

namespace Microkernel.Platform.Timers;

/// <summary>
/// What start-up takes: time, and how much of it was spent waiting. Under QEMU's <c>-icount shift=0</c> a TSC tick is an
/// executed instruction, so what was not waited for is the number of instructions (bench/README.md).
/// </summary>
internal sealed class StartupClock
{
    private const ulong NanosecondsPerSecond = 1_000_000_000;
    private const ulong MicrosecondsPerSecond = 1_000_000;
    private readonly ulong _start;
    private CpuTimer? _timer;
    private ulong _frequency;

    /// <summary>The core began at the TSC value <paramref name="start"/>.</summary>
    public StartupClock(ulong start) => _start = start;

    /// <summary>Ticks spent waiting: calibration, delays.</summary>
    public ulong Waited { get; private set; }

    /// <summary>Ticks spent executing.</summary>
    public ulong Executed => Cpu.ReadTsc() - _start - Waited;

    /// <summary>Time since the core began; 0 as long as no clock is known.</summary>
    public ulong Microseconds =>
        _frequency == 0 ? 0 : FrequencyMath.Convert(Cpu.ReadTsc() - _start, _frequency, MicrosecondsPerSecond);

    /// <summary>From now on there is a clock, and delays can be made.</summary>
    public void Use(CpuTimer timer, ulong tscFrequency)
    {
        _timer = timer;
        _frequency = tscFrequency;
    }

    /// <summary>The TSC value that is some nanoseconds in the future.</summary>
    public ulong Deadline(ulong nanoseconds) =>
        Cpu.ReadTsc() + FrequencyMath.Convert(nanoseconds, NanosecondsPerSecond, _frequency);

    /// <summary>Halts the CPU that starts the core until a TSC value is reached.</summary>
    public void WaitUntil(ulong deadline)
    {
        ulong before = Cpu.ReadTsc();
        while (Cpu.ReadTsc() < deadline)
        {
            _timer!.Arm(0, deadline);
            Cpu.WaitForInterrupt();
        }

        _timer!.Arm(0, ulong.MaxValue);
        CountAsWaited(before);
    }

    /// <summary>The time since a TSC value was waiting too.</summary>
    public void CountAsWaited(ulong since) => Waited += Cpu.ReadTsc() - since;
}
