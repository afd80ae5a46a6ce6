using Microkernel.Protos.Scheduler;

namespace Mk.Tracing;

/// <summary>A vCPU ran on a CPU, without a break. Times are nanoseconds since the trace began.</summary>
/// <param name="Cpu">The CPU.</param>
/// <param name="Domain">The vCPU's domain.</param>
/// <param name="Vcpu">Its number.</param>
/// <param name="Start">When it began, in the trace.</param>
/// <param name="End">When it ended, in the trace.</param>
/// <param name="Waited">How long it had waited since it was woken for it; 0 if it was not.</param>
/// <param name="Next">What it was afterwards.</param>
public readonly record struct TraceSlice(uint Cpu, uint Domain, uint Vcpu, long Start, long End, long Waited, VcpuState Next);
