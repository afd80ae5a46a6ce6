using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Mk.Bench;

/// <summary>Something that is measured (bench/figures.txt).</summary>
/// <param name="Key">The name under which the measurement is printed.</param>
/// <param name="Limit">The most it may be; null for no limit.</param>
/// <param name="Xen">What Xen takes; null when that is not known.</param>
/// <param name="Meaning">What it is, for people.</param>
public sealed record BenchFigure(string Key, long? Limit, long? Xen, string Meaning)
{
    /// <summary>Reads the lines of the file of figures.</summary>
    /// <exception cref="InvalidDataException">A line has not the four fields.</exception>
    public static IReadOnlyList<BenchFigure> Parse(IEnumerable<string> lines) =>
        [.. lines.Where(static l => l.Trim().Length > 0 && !l.StartsWith('#')).Select(ParseLine)];

    private static BenchFigure ParseLine(string line)
    {
        string[] fields = [.. line.Split('|').Select(static f => f.Trim())];
        if (fields.Length != 4)
            throw new InvalidDataException($"not KEY | LIMIT | XEN | MEANING: {line}");
        return new BenchFigure(fields[0], Number(fields[1]), Number(fields[2]), fields[3]);
    }

    private static long? Number(string field) => field == "-" ? null : long.Parse(field, CultureInfo.InvariantCulture);
}
