using System;

namespace Microkernel.XenStore;

/// <summary>Who watches.</summary>
public abstract class Watcher
{
    /// <summary>Whose permissions decide what the watcher hears of.</summary>
    public abstract Caller Caller { get; }

    /// <summary>Something changed.</summary>
    /// <param name="watch">The watch.</param>
    /// <param name="path">What changed, the way the watcher writes paths.</param>
    public abstract void Hear(Watch watch, ReadOnlySpan<byte> path);
}
