using System;
using System.Globalization;

namespace Mk.SystemTests;

/// <summary>How often a test repeats what finds rare faults: a little by itself, more when a variable of the environment says so.</summary>
internal static class LongRuns
{
    /// <summary>The number that the variable has, or the usual one.</summary>
    /// <exception cref="FormatException">It is no number.</exception>
    public static int Read(string variable, int usual) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : usual;
}
