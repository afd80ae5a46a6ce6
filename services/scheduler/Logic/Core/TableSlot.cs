namespace Microkernel.Services.Scheduler;

/// <summary>A slot of a CPU's cyclic table.</summary>
/// <param name="Vcpu">Who runs; null for a hole, which is left to the others.</param>
/// <param name="LengthNs">How long.</param>
/// <param name="IsStrict">Nobody else runs while the slot's vCPU has nothing to do.</param>
public readonly record struct TableSlot(VcpuKey? Vcpu, ulong LengthNs, bool IsStrict = false);
