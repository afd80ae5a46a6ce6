namespace Microkernel.Xen;

/// <summary>A vCPU, as the hypervisor knows it (struct xen_domctl_getvcpuinfo).</summary>
/// <param name="Cpu">The CPU that it is on, or was on last.</param>
/// <param name="IsOnline">Whether its domain has started it.</param>
/// <param name="IsRunning">Whether it is on a CPU now.</param>
/// <param name="IsBlocked">Whether it waits for an event.</param>
/// <param name="CpuTime">Its time on CPUs, in nanoseconds.</param>
/// <param name="Affinity">The CPUs that it may run on, a bit each, of the first 64.</param>
public sealed record VcpuDescription(uint Cpu, bool IsOnline, bool IsRunning, bool IsBlocked, ulong CpuTime, ulong Affinity);
