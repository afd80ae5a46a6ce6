namespace Microkernel.Xen;

/// <summary>A domain, as the hypervisor knows it (struct xen_domctl_getdomaininfo).</summary>
/// <param name="Id">Its number.</param>
/// <param name="IsDying">It is being destroyed.</param>
/// <param name="End">Why it ended, one of <see cref="ShutdownReason"/>; null if it has not.</param>
/// <param name="IsPaused">Somebody paused it, or it has not been started.</param>
/// <param name="IsBlocked">All its vCPUs wait.</param>
/// <param name="Pages">Pages that it has.</param>
/// <param name="MostPages">Pages that it may have.</param>
/// <param name="CpuTime">Time of all its vCPUs on CPUs, in nanoseconds.</param>
/// <param name="LastVcpu">The highest number of a vCPU.</param>
public sealed record DomainDescription(
    ushort Id, bool IsDying, uint? End, bool IsPaused, bool IsBlocked, ulong Pages, ulong MostPages, ulong CpuTime, uint LastVcpu)
{
    internal static DomainDescription From(in ControlAbi.Domain domain) => new(
        domain.Id,
        (domain.Flags & ControlAbi.IsDying) != 0,
        (domain.Flags & ControlAbi.IsShutDown) != 0 ? domain.Flags >> ControlAbi.ShutdownShift & 0xFF : null,
        (domain.Flags & ControlAbi.IsPaused) != 0,
        (domain.Flags & ControlAbi.IsBlocked) != 0,
        domain.TotalPages,
        domain.MostPages,
        domain.CpuTime,
        domain.LastVcpu);
}
