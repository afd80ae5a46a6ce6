using System;
using System.Collections.Generic;

namespace Mk.Sizes;

/// <summary>Lines of source text.</summary>
/// <param name="Code">Lines that are neither blank nor only comment.</param>
/// <param name="All">All lines.</param>
public readonly record struct LineCount(int Code, int All)
{
    /// <summary>The sum of two counts.</summary>
    public static LineCount operator +(LineCount a, LineCount b) => new(a.Code + b.Code, a.All + b.All);

    /// <summary>
    /// Counts the lines of C#, C, assembly or linker script: comments are //, /// and those between slash-star and
    /// star-slash. A comment mark inside a string counts as a comment only where a line starts with it.
    /// </summary>
    public static LineCount Of(IEnumerable<string> lines)
    {
        int code = 0, all = 0;
        bool inComment = false;
        foreach (string line in lines)
        {
            all++;
            if (HasCode(line.Trim(), ref inComment))
                code++;
        }
        return new(code, all);
    }

    private static bool HasCode(string line, ref bool inComment)
    {
        while (line.Length > 0)
        {
            if (inComment)
            {
                int end = line.IndexOf("*/", StringComparison.Ordinal);
                if (end < 0)
                    return false;
                inComment = false;
                line = line[(end + 2)..].TrimStart();
            }
            else if (line.StartsWith("/*", StringComparison.Ordinal))
            {
                inComment = true;
                line = line[2..];
            }
            else
            {
                return !line.StartsWith("//", StringComparison.Ordinal);
            }
        }
        return false;
    }
}
