namespace Microkernel.Services.Scheduler;

/// <summary>A vCPU's new context.</summary>
/// <param name="Vcpu">Whose.</param>
/// <param name="Context">The context.</param>
/// <param name="IsWeightOnly">It is a service's: nothing but the weight changes.</param>
public readonly record struct ContextChange(VcpuKey Vcpu, VcpuContext Context, bool IsWeightOnly = false);
