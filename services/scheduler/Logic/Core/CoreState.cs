using System.Collections.Generic;

namespace Microkernel.Services.Scheduler;

/// <summary>The core's contexts and accounting at a moment.</summary>
/// <param name="Generation">Of the contexts in force.</param>
/// <param name="NowNs">The core's clock.</param>
/// <param name="Cpus">CPUs that run vCPUs.</param>
/// <param name="Vcpus">All vCPUs, services' too.</param>
public sealed record CoreState(ulong Generation, ulong NowNs, IReadOnlyList<uint> Cpus, IReadOnlyList<VcpuRecord> Vcpus);
