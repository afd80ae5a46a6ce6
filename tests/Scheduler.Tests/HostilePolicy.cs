using System;
using System.Linq;
using System.Threading;

namespace Microkernel.Services.Scheduler.Tests;

/// <summary>Does as credit2 does until it goes bad.</summary>
internal sealed class HostilePolicy(string how, Func<bool> isBad) : IPolicy
{
    private const uint Nowhere = 9;

    private readonly Credit2Policy _good = new();

    public PolicyPlan Plan(PoolView pool)
    {
        PolicyPlan plan = _good.Plan(pool);
        if (!isBad())
            return plan;
        VcpuKey first = plan.Contexts.Keys.First(), stranger = new(99, 1, 0);
        switch (how)
        {
            case "throws":
                throw new InvalidOperationException("boom");
            case "null":
                return null!;
            case "hangs":
                SpinWait.SpinUntil(() => !isBad());
                break;
            case "stranger":
                plan.Contexts[stranger] = new VcpuContext();
                break;
            case "service":
                plan.Contexts[new VcpuKey(1, 1, 0)] = new VcpuContext();
                break;
            case "forgets":
                plan.Contexts.Remove(first);
                break;
            case "elsewhere":
                plan.Contexts[first] = new VcpuContext { Affinity = 0xf000 };
                break;
            case "table elsewhere":
                plan.Tables[Nowhere] = [new TableSlot(first, 1_000_000)];
                break;
            case "table stranger":
                plan.Tables[pool.Cpus[0]] = [new TableSlot(stranger, 1_000_000)];
                break;
            case "long table":
                plan.Tables[pool.Cpus[0]] = [.. Enumerable.Repeat(new TableSlot(first, 1_000_000), CpuTable.MostSlots + 1)];
                break;
            case "overcommit":
                foreach (VcpuKey vcpu in plan.Contexts.Keys.ToList())
                    plan.Contexts[vcpu] = new VcpuContext { BudgetNs = 9_000_000, Affinity = CpuBits.Of(pool.Cpus[0]) };
                break;
            case "no weight":
                plan.Contexts[first] = plan.Contexts[first] with { Weight = 0 };
                break;
        }

        return plan;
    }
}
