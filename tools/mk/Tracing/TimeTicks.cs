using System;
using System.Collections.Generic;
using System.Globalization;

namespace Mk.Tracing;

/// <summary>Round times for an axis.</summary>
internal static class TimeTicks
{
    private static readonly (string Unit, long Ns)[] s_units = [("min", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1000), ("ns", 1)];

    /// <summary>The distance between two ticks: 1, 2 or 5 of a power of ten, or of minutes.</summary>
    /// <param name="length">The time that the axis shows, in ns.</param>
    /// <param name="most">The most ticks.</param>
    internal static long Step(long length, int most)
    {
        long least = Math.Max(1, length / most);
        foreach (long seconds in (ReadOnlySpan<long>)[20, 30, 60, 120, 300])
        {
            if (least is > 10_000_000_000 && least <= seconds * 1_000_000_000)
                return seconds * 1_000_000_000;
        }

        long power = 1;
        while (power * 10 <= least)
            power *= 10;
        return power * (least <= power ? 1 : least <= 2 * power ? 2 : least <= 5 * power ? 5 : 10);
    }

    /// <summary>The ticks of an axis, with what stands there.</summary>
    internal static IEnumerable<(long At, string Text)> Of(long length, int most)
    {
        long step = Step(length, most);
        (string unit, long ns) = Array.Find(s_units, u => step >= u.Ns && step % u.Ns == 0);
        for (long at = 0; at <= length; at += step)
            yield return (at, at == 0 ? "0" : string.Create(CultureInfo.InvariantCulture, $"{at / ns:#,0} {unit}"));
    }
}
