using System.Collections.Generic;

namespace Microkernel.Services.Scheduler;

/// <summary>Changes that the core makes together or not at all.</summary>
/// <param name="BaseGeneration">What they were computed from: another one in force makes them stale.</param>
/// <param name="Contexts">New contexts; other vCPUs keep theirs.</param>
/// <param name="Tables">New tables; other CPUs keep theirs.</param>
public sealed record Transaction(ulong BaseGeneration, IReadOnlyList<ContextChange> Contexts, IReadOnlyList<CpuTable> Tables)
{
    /// <summary>It changes nothing.</summary>
    public bool IsEmpty => Contexts.Count + Tables.Count == 0;
}
