using System;
using Microkernel.Core.Abi;

namespace Microkernel.Core.Events;

/// <summary>Which port a virtual interrupt of a domain is bound to. Those that belong to the whole domain are kept with vCPU 0.</summary>
public sealed class VirqPorts(int vcpus)
{
    private readonly uint[] _ports = new uint[vcpus * (int)EventChannelAbi.VirqCount];

    /// <summary>The virtual interrupt belongs to a vCPU, not to the domain (xen/xen.h).</summary>
    public static bool IsPerVcpu(uint virq) => virq is EventChannelAbi.VirqTimer or EventChannelAbi.VirqDebug
        or EventChannelAbi.VirqXenoprof or EventChannelAbi.VirqXenpmu;

    /// <summary>The port; 0 for none.</summary>
    public ref uint Port(int vcpu, uint virq) =>
        ref _ports[((IsPerVcpu(virq) ? vcpu : 0) * (int)EventChannelAbi.VirqCount) + (int)virq];

    /// <summary>None is bound.</summary>
    public void Clear() => _ports.AsSpan().Clear();
}
