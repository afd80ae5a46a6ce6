using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Mk.Control;

/// <summary>Times and sets of CPUs, as operators write and read them.</summary>
public static class SchedText
{
    private const ulong NsPerUs = 1000;
    private const uint PinBits = 64;

    private static readonly (string Unit, ulong Ns)[] s_units = [("ns", 1), ("us", NsPerUs), ("ms", 1_000_000), ("s", 1_000_000_000)];

    /// <summary>A time in nanoseconds: a number of microseconds, as for xl, or a number with a unit: 400us, 2.5ms, 1s.</summary>
    public static bool TryParseTime(string text, out ulong ns)
    {
        (string unit, ulong scale) = s_units.FirstOrDefault(u => text.EndsWith(u.Unit, StringComparison.Ordinal));
        ns = 0;
        string number = unit is null ? text : text[..^unit.Length];
        if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value) || value > 1_000_000_000)
            return false;
        ns = (ulong)(value * (unit is null ? NsPerUs : scale));
        return true;
    }

    /// <summary>A time with the unit that fits.</summary>
    public static string Time(ulong ns)
    {
        (string unit, ulong scale) = s_units.Last(u => ns >= u.Ns || u.Ns == 1);
        return string.Create(CultureInfo.InvariantCulture, $"{(decimal)ns / scale:0.###}{unit}");
    }

    /// <summary>CPUs, as xl writes them: 1,3-5.</summary>
    public static bool TryParseCpus(string text, out IReadOnlyList<uint> cpus)
    {
        const uint Most = 4096;
        List<uint> found = [];
        cpus = found;
        foreach (string part in text.Split(','))
        {
            string[] ends = part.Split('-');
            if (ends.Length > 2 || !uint.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out uint first)
                || !uint.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out uint last) || first > last || last >= Most)
                return false;
            for (uint cpu = first; cpu <= last; cpu++)
                found.Add(cpu);
        }

        return true;
    }

    /// <summary>CPUs that a domain may run on, as xl writes them: 1,3-5, or 1-7,^4 for all of these but one, or all. A bit each; 0 for all.</summary>
    public static bool TryParsePin(string text, out ulong pin)
    {
        pin = 0;
        if (text == "all")
            return true;
        foreach (string part in text.Split(','))
        {
            // One part after the other: each adds CPUs to those before it, or takes some away from them.
            bool isExcluded = part.StartsWith('^');
            if (part == "all")
                pin = ulong.MaxValue;
            else if (!TryParseCpus(isExcluded ? part[1..] : part, out IReadOnlyList<uint> cpus) || cpus.Any(static cpu => cpu >= PinBits))
                return false;
            else
                pin = isExcluded ? pin & ~MaskOf(cpus) : pin | MaskOf(cpus);
        }

        return pin != 0;
    }

    /// <summary>The same CPUs for people.</summary>
    public static string Cpus(IEnumerable<uint> cpus) => string.Join(',', cpus);

    /// <summary>A mask for people; 0 is all.</summary>
    public static string Mask(ulong mask) => mask == 0 ? "all" : XlText.CpuSet([mask]);

    private static ulong MaskOf(IEnumerable<uint> cpus) => cpus.Aggregate(0UL, static (mask, cpu) => mask | 1UL << (int)cpu);
}
