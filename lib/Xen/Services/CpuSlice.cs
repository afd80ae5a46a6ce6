namespace Microkernel.Xen;

/// <summary>A vCPU ran on a CPU, without a break. Times are the core's, nanoseconds.</summary>
/// <param name="Domain">Its domain.</param>
/// <param name="Vcpu">Its number.</param>
/// <param name="Start">When it began.</param>
/// <param name="End">When it ended.</param>
/// <param name="Waited">How long it had waited since it was woken for it; 0 if it was not.</param>
/// <param name="Next">Where it was afterwards.</param>
public readonly record struct CpuSlice(ushort Domain, int Vcpu, ulong Start, ulong End, ulong Waited, VcpuPlace Next);
