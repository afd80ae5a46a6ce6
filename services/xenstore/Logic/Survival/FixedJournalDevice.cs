using System;

namespace Microkernel.XenStore;

/// <summary>A journal in memory of a fixed size.</summary>
public abstract class FixedJournalDevice : JournalDevice
{
    /// <summary>All of the memory.</summary>
    protected abstract Span<byte> Memory { get; }

    /// <inheritdoc/>
    public override int LargestHalf => Memory.Length / 2 & ~7;

    /// <inheritdoc/>
    public override Span<byte> Half(int index) => Memory.Slice(index * LargestHalf, LargestHalf);

    /// <inheritdoc/>
    public override bool TryGrow(int index, int size) => size <= LargestHalf;
}
