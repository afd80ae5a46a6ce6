using System;
using System.Collections.Generic;
using System.Linq;

namespace Microkernel.Services.Scheduler;

/// <summary>A CPU's cyclic table.</summary>
/// <param name="Cpu">The CPU.</param>
/// <param name="Slots">In their order, at most <see cref="MostSlots"/>; none removes the table.</param>
public sealed record CpuTable(uint Cpu, IReadOnlyList<TableSlot> Slots)
{
    /// <summary>The most slots that the core keeps for a CPU.</summary>
    public const int MostSlots = 64;

    /// <summary>The shortest slot, in ns.</summary>
    public const ulong ShortestSlotNs = 100_000;

    /// <inheritdoc/>
    public bool Equals(CpuTable? other) => other is not null && Cpu == other.Cpu && Slots.SequenceEqual(other.Slots);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Cpu, Slots.Count);
}
