namespace Mk.Tracing;

/// <summary>A CPU had slices of which nobody knows: they were not read in time. Times are nanoseconds since the trace began.</summary>
/// <param name="Cpu">The CPU.</param>
/// <param name="Start">The end of the last slice before that is known.</param>
/// <param name="End">The start of the first one after.</param>
/// <param name="Count">How many are missing.</param>
public readonly record struct TraceLoss(uint Cpu, long Start, long End, ulong Count);
