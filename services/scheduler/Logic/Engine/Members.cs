using System.Collections.Generic;

namespace Microkernel.Services.Scheduler;

/// <summary>Which vCPUs are in which pool, and where services may run: one look at a state for all pools.</summary>
public sealed class Members
{
    private readonly Dictionary<string, List<VcpuRecord>> _pools = [];
    private ulong _floors;

    /// <summary>Looks at a state.</summary>
    public Members(Setup setup, CoreState state)
    {
        State = state;
        foreach (SchedulingPool pool in setup.Pools)
            _pools[pool.Name] = [];
        foreach (VcpuRecord vcpu in state.Vcpus)
        {
            if (vcpu.IsService)
                _floors |= vcpu.Pin;
            else
                _pools[setup.Of(DomainKey.Of(vcpu.Key)).Pool].Add(vcpu);
        }
    }

    /// <summary>The state.</summary>
    public CoreState State { get; }

    /// <summary>A pool's vCPUs.</summary>
    public IReadOnlyList<VcpuRecord> Of(SchedulingPool pool) => _pools[pool.Name];

    /// <summary>Services may run on a pool's CPUs.</summary>
    public bool HasFloors(SchedulingPool pool) => (_floors & pool.Mask) != 0;
}
