using System;
using System.Collections.Generic;
using System.Linq;

namespace Mk.Tracing;

/// <summary>Who ran on which CPU for a while. Times are nanoseconds since it began.</summary>
/// <param name="BeginNs">The core's clock when it began.</param>
/// <param name="Length">How long it is.</param>
/// <param name="Cpus">The CPUs, those that nobody used, too.</param>
/// <param name="Slices">In the order of their starts; those of a CPU do not overlap. They are cut at the trace's ends.</param>
/// <param name="Losses">Where slices are missing.</param>
/// <param name="Domains">The domains that ran: guests first, each in the order of numbers.</param>
public sealed record SchedTrace(
    ulong BeginNs, long Length, IReadOnlyList<uint> Cpus, IReadOnlyList<TraceSlice> Slices, IReadOnlyList<TraceLoss> Losses, IReadOnlyList<TraceDomain> Domains)
{
    /// <summary>How many slices are missing.</summary>
    public ulong Lost { get; } = Losses.Aggregate(0UL, static (sum, loss) => sum + loss.Count);

    /// <summary>The same trace with domains by their names.</summary>
    /// <param name="nameOf">A domain's name; null if nobody knows it.</param>
    /// <param name="isService">Which are the system's own.</param>
    public SchedTrace Named(Func<uint, string?> nameOf, Func<uint, bool> isService) => this with
    {
        Domains =
        [
            .. Slices.Select(static s => s.Domain).Distinct().Select(d => new TraceDomain(d, nameOf(d) ?? $"domain {d}", isService(d)))
                .OrderBy(static d => (d.IsService, d.Domain)),
        ],
    };
}
