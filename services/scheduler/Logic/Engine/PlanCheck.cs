using System.Collections.Generic;
using System.Linq;

namespace Microkernel.Services.Scheduler;

/// <summary>What a policy may not decide: it has its pool's vCPUs and CPUs, and no others. The core checks the rest.</summary>
public static class PlanCheck
{
    /// <summary>Why a plan is not used; null if it is.</summary>
    public static string? Find(PolicyPlan? plan, PoolView pool)
    {
        if (plan is null)
            return "it has no answer";
        Dictionary<VcpuKey, VcpuView> vcpus = pool.Vcpus.ToDictionary(static v => v.Key);
        foreach ((VcpuKey key, VcpuContext context) in plan.Contexts)
        {
            if (!vcpus.TryGetValue(key, out VcpuView? vcpu))
                return $"it has a context for {key}, which is not in its pool";
            if ((context.Affinity & vcpu.Allowed) == 0 || (context.Affinity & pool.Mask) != context.Affinity)
                return $"it lets {key} run on CPUs 0x{context.Affinity:x}; 0x{vcpu.Allowed:x} are allowed";
        }

        if (vcpus.Keys.FirstOrDefault(v => !plan.Contexts.ContainsKey(v)) is { } left && plan.Contexts.Count < vcpus.Count)
            return $"it has no context for {left}";
        foreach ((uint cpu, IReadOnlyList<TableSlot> slots) in plan.Tables)
        {
            if (!pool.Cpus.Contains(cpu))
                return $"it has a table for CPU {cpu}, which is not in its pool";
            if (slots.Count is 0 or > CpuTable.MostSlots)
                return $"its table for CPU {cpu} has {slots.Count} slots; 1 to {CpuTable.MostSlots} are possible";
            foreach (TableSlot slot in slots)
            {
                if (slot.Vcpu is { } vcpu && !vcpus.ContainsKey(vcpu))
                    return $"its table for CPU {cpu} names {vcpu}, which is not in its pool";
            }
        }

        return null;
    }
}
