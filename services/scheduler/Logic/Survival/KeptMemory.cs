using System;

namespace Microkernel.Services.Scheduler;

/// <summary>Memory that the next incarnation of the service finds as this one left it.</summary>
public abstract class KeptMemory
{
    /// <summary>The memory.</summary>
    public abstract Span<byte> Bytes { get; }
}
