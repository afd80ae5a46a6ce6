using System;

namespace Microkernel.Rings;

/// <summary>
/// What a ring needs from its surroundings: memory that both sides see, and notifications. A notification is latched: one
/// that comes while nobody waits ends the next wait, and any number of them may count as one. Waits may also end without.
/// </summary>
public abstract class RingTransport : IDisposable
{
    /// <summary>Whether this is the second of the two sides; the first one writes to the ring's first queue.</summary>
    public abstract bool IsSecond { get; }

    /// <summary>The shared memory of both queues, until <see cref="Dispose()"/>; the same size on both sides.</summary>
    public abstract Span<byte> Memory { get; }

    /// <summary>False once there is no other side any more, or <see cref="Disconnect"/> was called here.</summary>
    public abstract bool IsConnected { get; }

    /// <summary>Notifies the other side. Never blocks.</summary>
    public abstract void Notify();

    /// <summary>Waits for a notification, the end of the connection, or the end of a time. One thread at a time.</summary>
    public abstract void Wait(TimeSpan timeout);

    /// <summary>Ends the connection on this side: nothing waits any more.</summary>
    public abstract void Disconnect();

    /// <summary>Lets go of the memory. Nobody uses it any more.</summary>
    public void Dispose()
    {
        Disconnect();
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Lets go of what the transport holds.</summary>
    protected abstract void Dispose(bool disposing);
}
