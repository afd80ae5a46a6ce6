using System;

namespace Microkernel.XenStore;

/// <summary>A domain's ring page, and its bell.</summary>
public abstract class RingPage : IDisposable
{
    /// <summary>The page, which the domain may change at any moment.</summary>
    public abstract Span<byte> Memory { get; }

    /// <summary>Tells the domain to look at the page.</summary>
    public abstract void Notify();

    /// <summary>Lets go of the page.</summary>
    public abstract void Dispose();
}
