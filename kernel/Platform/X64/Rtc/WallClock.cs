using Microkernel.Platform.Timers;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Rtc;

/// <summary>The time of day: what the CMOS clock said at start, and the TSC since.</summary>
internal sealed class WallClock
{
    private const ulong NanosecondsPerSecond = 1_000_000_000;
    private readonly ulong _seconds;
    private readonly ulong _tsc;

    private WallClock(ulong seconds)
    {
        _seconds = seconds;
        _tsc = Cpu.ReadTsc();
    }

    /// <summary>The machine has a clock that made sense; otherwise time starts in 1970.</summary>
    public bool IsSet => _seconds != 0;

    /// <summary>Reads the clock.</summary>
    /// <param name="centuryRegister">The FADT's register with the century, or 0.</param>
    public static WallClock Start(byte centuryRegister) =>
        new(CmosClock.TryRead(centuryRegister, out ulong seconds) ? seconds : 0);

    /// <summary>Nanoseconds since 1970 (UTC).</summary>
    public ulong Read(ulong tscFrequency) =>
        (_seconds * NanosecondsPerSecond) + FrequencyMath.Convert(Cpu.ReadTsc() - _tsc, tscFrequency, NanosecondsPerSecond);
}
