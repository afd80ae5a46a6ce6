using System;
using System.Collections.Generic;
using System.Text;

namespace Mk.Machine;

/// <summary>Makes lines of bytes that arrive in pieces. A line is cut at a limit, so that noise needs no memory.</summary>
public sealed class LineSplitter
{
    /// <summary>Longest line in bytes.</summary>
    public const int Longest = 8192;

    private readonly List<byte> _pending = [];

    /// <summary>Adds bytes and returns the lines they complete, without line ends.</summary>
    public IReadOnlyList<string> Add(ReadOnlySpan<byte> bytes)
    {
        List<string> lines = [];
        foreach (byte b in bytes)
        {
            if (b != (byte)'\n')
                _pending.Add(b);
            if (b == (byte)'\n' || _pending.Count == Longest)
                lines.Add(Take());
        }
        return lines;
    }

    /// <summary>What is left of a line without an end, or null.</summary>
    public string? Rest() => _pending.Count == 0 ? null : Take();

    private string Take()
    {
        string line = Encoding.UTF8.GetString([.. _pending]).TrimEnd('\r');
        _pending.Clear();
        return line;
    }
}
