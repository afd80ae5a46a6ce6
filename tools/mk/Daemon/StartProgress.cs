using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using Mk.Control;

namespace Mk.Daemon;

/// <summary>Writes down how far the start is, for <c>mk up</c>, which reads it from the file.</summary>
public sealed class StartProgress
{
    private readonly Lock _lock = new();
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly HashSet<string> _told = [];
    private bool _isOver;

    /// <summary>Begins now.</summary>
    public StartProgress() => File.WriteAllText(SystemFolder.Progress, "");

    /// <summary>A step has been made. Said once, however often it is made.</summary>
    public void Tell(string text) => Add(text, null);

    /// <summary>The start has ended. Later steps are not written down any more.</summary>
    public void End(ExitCode code, string text) => Add(text, code);

    /// <summary>The complete lines of the file behind a place.</summary>
    /// <param name="position">Where to read on; moved.</param>
    public static IReadOnlyList<StartStep> ReadOn(ref int position)
    {
        if (!File.Exists(SystemFolder.Progress))
            return [];
        string text = File.ReadAllText(SystemFolder.Progress)[position..];
        int end = text.LastIndexOf('\n') + 1;
        position += end;
        return [.. text[..end].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(StartStep.FromLine)];
    }

    private void Add(string text, ExitCode? end)
    {
        lock (_lock)
        {
            if (_isOver || (end is null && !_told.Add(text)))
                return;
            _isOver = end is not null;
            File.AppendAllText(SystemFolder.Progress, new StartStep(Stopwatch.GetElapsedTime(_start).TotalSeconds, text, end).ToLine() + "\n");
        }
    }
}
