using System.Collections.Generic;

namespace Microkernel.Services.Scheduler;

/// <summary>Some of a CPU's slices.</summary>
/// <param name="Slices">In the order of time.</param>
/// <param name="Next">The number of the slice after them.</param>
/// <param name="Lost">How many of those wanted were gone already.</param>
/// <param name="NowNs">The core's clock.</param>
public sealed record SliceBatch(IReadOnlyList<CpuSlice> Slices, ulong Next, ulong Lost, ulong NowNs);
