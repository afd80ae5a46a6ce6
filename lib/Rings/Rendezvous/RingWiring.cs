using System;

namespace Microkernel.Rings;

/// <summary>
/// One side of what connects two services for as long as the system runs: memory that outlives both of them, and an event
/// channel as a bell. Rings of the bell are latched: one that comes while nobody waits ends the next wait, and any number of
/// them may count as one. Waits may also end without a reason.
/// </summary>
public abstract class RingWiring : IDisposable
{
    /// <summary>Whether this is the second of the two sides.</summary>
    public abstract bool IsSecond { get; }

    /// <summary>The memory, until <see cref="Dispose()"/>: <see cref="RendezvousLayout.Size"/> bytes, then the queues.</summary>
    public abstract Span<byte> Memory { get; }

    /// <summary>Makes an event channel for the other side; called once, and only on the first side.</summary>
    /// <returns>What the other side connects to.</returns>
    public abstract uint Listen();

    /// <summary>
    /// Connects to the first side's event channel in place of an earlier one; called only on the second side. The number comes from
    /// shared memory: it may be anything, or be out of date.
    /// </summary>
    /// <returns>False if there is no such channel for this side.</returns>
    public abstract bool Connect(uint port);

    /// <summary>Rings the other side's bell, if it is connected. Never blocks. Any thread.</summary>
    public abstract void Ring();

    /// <summary>Waits until this side's bell rings, <see cref="Interrupt"/>, or the end of a time. One thread at a time.</summary>
    public abstract void Wait(TimeSpan timeout);

    /// <summary>Ends the wait that is going on, or else the next one. Any thread.</summary>
    public abstract void Interrupt();

    /// <summary>Lets go of memory and bell. Nobody uses them any more. Again is no error.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Lets go of what the wiring holds.</summary>
    protected abstract void Dispose(bool disposing);
}
