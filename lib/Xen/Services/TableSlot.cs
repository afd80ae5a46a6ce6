namespace Microkernel.Xen;

/// <summary>A slot of a CPU's table. The slots of a CPU, 64 at most, follow each other in a transaction and replace its table.</summary>
/// <param name="Cpu">The CPU.</param>
/// <param name="Vcpu">Whose slot it is; null for nobody's, in which all others run.</param>
/// <param name="Length">Nanoseconds, 100 us to 10 s; 0, in the only slot of a CPU, takes the table away.</param>
/// <param name="IsStrict">While its vCPU does not run, nobody does.</param>
public readonly record struct TableSlot(int Cpu, VcpuId? Vcpu, ulong Length, bool IsStrict = false);
