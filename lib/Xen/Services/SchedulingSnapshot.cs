using System.Collections.Generic;

namespace Microkernel.Xen;

/// <summary>How all vCPUs fare.</summary>
/// <param name="Generation">What a transaction that is made on this picture is based on.</param>
/// <param name="Now">The core's time, nanoseconds.</param>
/// <param name="Cpus">How many CPUs there are; those that run no guests count too.</param>
/// <param name="Vcpus">The vCPUs.</param>
public sealed record SchedulingSnapshot(ulong Generation, ulong Now, int Cpus, IReadOnlyList<SchedulingState> Vcpus);
