using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Mk.SystemTests.Whole;

/// <summary>When a guest ran, as its program <c>timeline</c> saw it; microseconds.</summary>
internal sealed record Timeline(IReadOnlyList<(long Start, long Length)> Turns)
{
    /// <summary>How long it ran.</summary>
    internal double Ran => Turns.Sum(static t => t.Length);

    /// <summary>How long it was watched.</summary>
    internal double Watched => End - Turns[0].Start;

    private long End => Turns[^1].Start + Turns[^1].Length;

    /// <summary>The output of <c>timeline ... list</c>.</summary>
    internal static Timeline Parse(string output) => new([.. output.Split('\n')
        .Select(static line => line.Trim().Split(' '))
        .Where(static words => words is ["turn", _, _])
        .Select(static words => (long.Parse(words[1], CultureInfo.InvariantCulture), long.Parse(words[2], CultureInfo.InvariantCulture)))]);

    /// <summary>
    /// The least that it had in any of its periods. When they begin is not known from here: the beginning is taken with which that is the most.
    /// </summary>
    internal long WorstPeriod(long period) => Turns
        .SelectMany(t => new[] { t.Start % period, (t.Start + t.Length) % period }).Distinct()
        .Max(begin => Periods(begin, period).Min());

    private IEnumerable<long> Periods(long begin, long period)
    {
        int first = 0;
        for (long start = begin; start + period < End; start += period)
        {
            while (Turns[first].Start + Turns[first].Length <= start)
                first++;
            yield return Turns.Skip(first).TakeWhile(t => t.Start < start + period)
                .Sum(t => long.Min(t.Start + t.Length, start + period) - long.Max(t.Start, start));
        }
    }
}
