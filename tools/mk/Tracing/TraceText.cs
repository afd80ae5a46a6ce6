using System;
using System.Globalization;

namespace Mk.Tracing;

/// <summary>Times and amounts of a trace, for people.</summary>
public static class TraceText
{
    /// <summary>A time with the unit that fits, to three digits or more.</summary>
    public static string Time(long ns) => ns switch
    {
        0 => "0",
        < 1_000 => string.Create(CultureInfo.InvariantCulture, $"{ns} ns"),
        < 1_000_000 => Digits(ns / 1e3, "us"),
        < 1_000_000_000 => Digits(ns / 1e6, "ms"),
        _ => Digits(ns / 1e9, "s"),
    };

    /// <summary>A place in a trace, to the microsecond.</summary>
    public static string Place(long ns) => string.Create(CultureInfo.InvariantCulture, $"{ns / 1e9:0.000000} s");

    /// <summary>A part of a whole, in percent.</summary>
    public static string Share(double part, double whole) =>
        string.Create(CultureInfo.InvariantCulture, $"{(whole > 0 ? part / whole : 0):0.0 %}");

    /// <summary>An amount of something.</summary>
    public static string Count(long count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count:#,0} {what}{(count == 1 ? "" : "s")}");

    /// <summary>What a trace has, in one line.</summary>
    public static string Summary(SchedTrace trace)
    {
        string lost = trace.Lost == 0 ? "none lost" : string.Create(CultureInfo.InvariantCulture, $"{trace.Lost:#,0} lost");
        return $"{Count(trace.Slices.Count, "slice")} on {Count(trace.Cpus.Count, "CPU")} in {Time(trace.Length)}, {lost}";
    }

    private static string Digits(double value, string unit) => value.ToString(value < 9.995 ? "0.00" : value < 99.95 ? "0.0" : "0", CultureInfo.InvariantCulture) + " " + unit;
}
