using System;

namespace Microkernel.Rings;

/// <summary>Keeps attempts that another side can provoke from following each other too fast: the first at once, then ever slower.</summary>
internal sealed class Pace
{
    private const long Shortest = 1;
    private const long Calm = 1000;

    private readonly long _longest;
    private long _last = long.MinValue / 2;
    private long _delay;

    /// <summary>Makes one with the longest time between two attempts, in milliseconds.</summary>
    internal Pace(long longest = 128) => _longest = longest;

    /// <summary>The time until the next attempt; zero if it may be now.</summary>
    internal TimeSpan Left => TimeSpan.FromMilliseconds(Math.Max(0, _last + _delay - Environment.TickCount64));

    /// <summary>An attempt is made now.</summary>
    internal void Step()
    {
        long now = Environment.TickCount64;
        if (now - _last > Calm)
            _delay = 0;
        _delay = _delay == 0 ? Shortest : Math.Min(_delay * 2, _longest);
        _last = now;
    }
}
