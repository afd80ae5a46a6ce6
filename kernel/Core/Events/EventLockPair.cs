using System;
using Microkernel.Core.Domains;

namespace Microkernel.Core.Events;

/// <summary>Holds the event locks of two domains, or of one that is both, until disposed. The slots' order avoids deadlock.</summary>
public readonly ref struct EventLockPair : IDisposable
{
    private readonly Domain _first;
    private readonly Domain _second;

    /// <summary>Takes the locks.</summary>
    public EventLockPair(Domain a, Domain b)
    {
        _first = a.Slot <= b.Slot ? a : b;
        _second = a.Slot <= b.Slot ? b : a;
        _first.EventLock.Enter();
        if (_second != _first)
            _second.EventLock.Enter();
    }

    /// <summary>Releases the locks.</summary>
    public void Dispose()
    {
        if (_second != _first)
            _second.EventLock.Exit();

        _first.EventLock.Exit();
    }
}
