using System;

namespace Microkernel.Services.Scheduler;

/// <summary>A vCPU of one life of a domain.</summary>
/// <param name="Domain">The domain's number.</param>
/// <param name="Generation">Which life of it.</param>
/// <param name="Vcpu">The vCPU's number.</param>
public readonly record struct VcpuKey(uint Domain, ulong Generation, uint Vcpu) : IComparable<VcpuKey>
{
    /// <inheritdoc/>
    public int CompareTo(VcpuKey other) => (Domain, Generation, Vcpu).CompareTo((other.Domain, other.Generation, other.Vcpu));

    /// <inheritdoc/>
    public override string ToString() => $"domain {Domain} vCPU {Vcpu}";
}
