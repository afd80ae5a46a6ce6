namespace Microkernel.Services.Scheduler;

/// <summary>Who is to have slots in a cyclic table.</summary>
/// <param name="Vcpu">The vCPU.</param>
/// <param name="BudgetNs">Time,</param>
/// <param name="PeriodNs">in each period.</param>
public readonly record struct CyclicTask(VcpuKey Vcpu, ulong BudgetNs, ulong PeriodNs);
