namespace Microkernel.Platform.Timers;

/// <summary>The arithmetic of measuring one clock against another.</summary>
public static class FrequencyMath
{
    private const ulong SafeTicks = 1UL << 34;

    /// <summary>
    /// Frequency in Hz of a clock that made <paramref name="ticks"/> ticks while one of
    /// <paramref name="referenceFrequency"/> Hz, at most 2^29, made <paramref name="referenceTicks"/>, not zero.
    /// </summary>
    public static ulong Frequency(ulong ticks, ulong referenceTicks, ulong referenceFrequency)
    {
        while (ticks > SafeTicks)
        {
            ticks >>= 1;
            referenceTicks >>= 1;
        }

        return ((ticks * referenceFrequency) + (referenceTicks / 2)) / referenceTicks;
    }

    /// <summary>The ticks that a clock of <paramref name="to"/> Hz makes during those of one of <paramref name="from"/> Hz.</summary>
    public static ulong Convert(ulong ticks, ulong from, ulong to) =>
        (ticks / from * to) + (ticks % from * to / from);

    /// <summary>
    /// The ticks that a counter of limited width made, from what its width shows of them and from an estimate that is
    /// good to half a turn of the counter.
    /// </summary>
    public static ulong Unwrap(uint shown, uint mask, ulong estimate)
    {
        ulong turn = (ulong)mask + 1;
        ulong missing = estimate + (turn / 2) > shown ? estimate + (turn / 2) - shown : 0;
        return shown + (missing / turn * turn);
    }
}
