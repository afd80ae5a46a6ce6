using System.Collections.Generic;

namespace Microkernel.Xen;

/// <summary>Some slices of a CPU.</summary>
/// <param name="Slices">In the order of time.</param>
/// <param name="Next">The number of the slice after them.</param>
/// <param name="Lost">How many of those wanted were gone already.</param>
/// <param name="Now">The core's time, nanoseconds.</param>
public sealed record CpuSlices(IReadOnlyList<CpuSlice> Slices, ulong Next, ulong Lost, ulong Now);
