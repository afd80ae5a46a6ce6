using System.Collections.Generic;
using System.Linq;

namespace Microkernel.Services.Scheduler;

/// <summary>As Xen's null: each vCPU has a CPU of its own and never leaves it. Without a service's floor there is nobody else on it.</summary>
public sealed class NullPolicy : IPolicy
{
    /// <summary>Its name.</summary>
    public const string Name = "null";

    private Dictionary<VcpuKey, uint> _homes = [];

    /// <inheritdoc/>
    public PolicyPlan Plan(PoolView pool)
    {
        if (pool.HasFloors)
            throw new PolicyException($"'{Name}' gives vCPUs whole CPUs, but services have a floor on those of pool '{pool.Name}': make a pool for it (mk sched pools create)");
        PolicyPlan plan = new();
        Dictionary<uint, int> users = pool.Cpus.ToDictionary(static cpu => cpu, static _ => 0);
        Dictionary<VcpuKey, uint> homes = [];
        List<VcpuView> all = [.. pool.Domains.SelectMany(static d => d.Users)];
        foreach (VcpuView vcpu in all.OrderByDescending(v => _homes.ContainsKey(v.Key)))
        {
            uint home = _homes.TryGetValue(vcpu.Key, out uint before) && vcpu.Allows(before) && users.GetValueOrDefault(before, 1) == 0
                ? before
                : Choose(vcpu, users);
            homes[vcpu.Key] = home;
            users[home]++;
        }

        _homes = homes;
        foreach (DomainView domain in pool.Domains)
            Add(domain, users, plan);
        return plan;
    }

    /// <summary>The emptiest CPU, and of these the present one.</summary>
    private static uint Choose(VcpuView vcpu, Dictionary<uint, int> users)
    {
        uint[] allowed = [.. users.Keys.Where(vcpu.Allows)];
        return allowed.MinBy(cpu => (users[cpu], cpu != vcpu.Cpu, cpu));
    }

    private void Add(DomainView domain, Dictionary<uint, int> users, PolicyPlan plan)
    {
        Dictionary<VcpuKey, double> caps = CapShares.Of(domain, 0);
        foreach (VcpuView vcpu in domain.Vcpus)
        {
            bool hasHome = _homes.TryGetValue(vcpu.Key, out uint home);
            double cap = caps.GetValueOrDefault(vcpu.Key);
            plan.Contexts[vcpu.Key] = new VcpuContext
            {
                Weight = domain.Weight,
                LimitNs = cap is > 0 and < 1 ? System.Math.Max(Reservation.LeastBudgetNs, (ulong)(cap * VcpuContext.UsualPeriodNs)) : 0,
                Affinity = hasHome ? CpuBits.Of(home) : vcpu.Allowed,
            };
            if (hasHome && users[home] > 1)
                plan.Miss(domain.Domain, $"vCPU {vcpu.Key.Vcpu} shares CPU {home} by weight: there are more vCPUs than CPUs that they may run on");
        }
    }
}
