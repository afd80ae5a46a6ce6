using System;
using System.Threading;

namespace Microkernel.Rings;

/// <summary>The end of a time that has begun.</summary>
internal readonly struct Deadline
{
    private readonly long _end;

    internal Deadline(TimeSpan timeout) =>
        _end = timeout == Timeout.InfiniteTimeSpan ? long.MaxValue : Environment.TickCount64 + (long)Math.Ceiling(timeout.TotalMilliseconds);

    /// <summary>What is left; infinite, or not below zero.</summary>
    internal TimeSpan Left =>
        _end == long.MaxValue ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(Math.Max(0, _end - Environment.TickCount64));

    internal bool IsOver => Environment.TickCount64 >= _end;
}
