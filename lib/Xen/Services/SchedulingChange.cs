namespace Microkernel.Xen;

/// <summary>What a transaction says of a vCPU.</summary>
/// <param name="Id">Which one.</param>
/// <param name="Rules">By what the dispatcher goes then.</param>
public readonly record struct SchedulingChange(VcpuId Id, SchedulingRules Rules);
