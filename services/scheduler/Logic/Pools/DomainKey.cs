namespace Microkernel.Services.Scheduler;

/// <summary>A life of a domain.</summary>
/// <param name="Domain">Its number.</param>
/// <param name="Generation">Which life.</param>
public readonly record struct DomainKey(uint Domain, ulong Generation)
{
    /// <summary>The domain of a vCPU.</summary>
    public static DomainKey Of(VcpuKey vcpu) => new(vcpu.Domain, vcpu.Generation);
}
