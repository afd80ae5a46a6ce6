using System.Collections.Generic;

namespace Microkernel.Services.Scheduler;

/// <summary>A domain of a pool.</summary>
public sealed record DomainView
{
    /// <summary>Its number.</summary>
    public required uint Domain { get; init; }

    /// <summary>What its operator wants.</summary>
    public required DomainSettings Settings { get; init; }

    /// <summary>Its vCPUs by their number, at least one; those that are offline too.</summary>
    public required IReadOnlyList<VcpuView> Vcpus { get; init; }

    /// <summary>The weight that it has.</summary>
    public uint Weight => Settings.Weight ?? DomainSettings.UsualWeight;

    /// <summary>The vCPUs that can run, or that will: all that are online, or the first of a domain that has not started.</summary>
    public IReadOnlyList<VcpuView> Users
    {
        get
        {
            List<VcpuView> online = [];
            foreach (VcpuView vcpu in Vcpus)
            {
                if (vcpu.Activity != VcpuActivity.Offline)
                    online.Add(vcpu);
            }

            return online.Count > 0 ? online : [Vcpus[0]];
        }
    }
}
