namespace Microkernel.Xen;

/// <summary>The machine, as the hypervisor knows it (struct xen_sysctl_physinfo).</summary>
/// <param name="Cpus">CPUs that run.</param>
/// <param name="CpuKilohertz">Their clock.</param>
/// <param name="TotalPages">Memory.</param>
/// <param name="FreePages">Memory that nobody has.</param>
public sealed record HostDescription(uint Cpus, uint CpuKilohertz, ulong TotalPages, ulong FreePages);
