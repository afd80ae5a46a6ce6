namespace Mk.Tracing;

/// <summary>Something that is drawn in a lane of a picture. Times are nanoseconds since the trace began.</summary>
/// <param name="Start">Its left end.</param>
/// <param name="End">Its right end.</param>
/// <param name="Kind">What it is: those of a kind look the same.</param>
/// <param name="Cpu">The CPU that it is about.</param>
internal readonly record struct LaneItem(long Start, long End, int Kind, uint Cpu);
