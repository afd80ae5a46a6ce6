using System;
using System.Threading;

namespace Microkernel.Rings;

/// <summary>A latched notification within a process.</summary>
internal sealed class Signal
{
    private readonly object _turn = new();
    private bool _isSet;
    private volatile bool _isOver;

    internal bool IsOver => _isOver;

    internal void Set()
    {
        lock (_turn)
        {
            _isSet = true;
            Monitor.Pulse(_turn);
        }
    }

    /// <summary>Nobody waits any more.</summary>
    internal void End()
    {
        lock (_turn)
        {
            _isOver = true;
            Monitor.PulseAll(_turn);
        }
    }

    internal void Wait(TimeSpan timeout)
    {
        lock (_turn)
        {
            if (!_isSet && !_isOver)
                Monitor.Wait(_turn, timeout);
            _isSet = false;
        }
    }
}
