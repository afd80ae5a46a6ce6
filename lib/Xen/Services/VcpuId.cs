namespace Microkernel.Xen;

/// <summary>A vCPU as the core knows it: of one incarnation of a domain.</summary>
/// <param name="Domain">The domain's id.</param>
/// <param name="DomainGeneration">Tells the domains apart that have this id one after the other.</param>
/// <param name="Vcpu">The vCPU's number.</param>
public readonly record struct VcpuId(ushort Domain, ulong DomainGeneration, int Vcpu);
