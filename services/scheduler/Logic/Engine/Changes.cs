using System.Collections.Generic;
using System.Linq;

namespace Microkernel.Services.Scheduler;

/// <summary>What has to change in the core so that plans are in force: the difference, and no more.</summary>
public sealed class Changes
{
    private readonly Dictionary<uint, CpuTable> _tables = [];

    /// <summary>The changes that a pool's plan makes.</summary>
    public Transaction Of(SchedulingPool pool, Members members)
    {
        CoreState state = members.State;
        PolicyPlan plan = pool.Plan!;
        ulong cpus = CpuBits.Of(state.Cpus);
        List<ContextChange> contexts = [];
        foreach (VcpuRecord vcpu in members.Of(pool))
        {
            if (plan.Contexts.TryGetValue(vcpu.Key, out VcpuContext wanted) && !IsInForce(vcpu, wanted, cpus))
                contexts.Add(new ContextChange(vcpu.Key, wanted));
        }

        IEnumerable<CpuTable> tables = pool.Cpus.Select(cpu => new CpuTable(cpu, plan.Tables.GetValueOrDefault(cpu, [])));
        return new Transaction(state.Generation, contexts, [.. tables.Where(t => !t.Equals(_tables.GetValueOrDefault(t.Cpu)))]);
    }

    /// <summary>The weights that services are to have.</summary>
    public static IEnumerable<ContextChange> OfServices(Setup setup, CoreState state) =>
        from vcpu in state.Vcpus
        where vcpu.IsService
        let weight = setup.Of(DomainKey.Of(vcpu.Key)).Weight
        where weight is not null && weight != vcpu.Context.Weight
        select new ContextChange(vcpu.Key, vcpu.Context with { Weight = weight.Value }, IsWeightOnly: true);

    /// <summary>The core has taken a transaction.</summary>
    public void Remember(Transaction transaction)
    {
        foreach (CpuTable table in transaction.Tables)
            _tables[table.Cpu] = table;
    }

    private static bool IsInForce(VcpuRecord vcpu, VcpuContext wanted, ulong cpus)
    {
        VcpuContext now = vcpu.Context;
        ulong affinity = (wanted.Affinity & vcpu.Pin & cpus) != 0 ? wanted.Affinity & vcpu.Pin : vcpu.Pin;
        return now.BudgetNs == wanted.BudgetNs && now.LimitNs == wanted.LimitNs && now.Weight == wanted.Weight && now.Band == wanted.Band
            && (now.PeriodNs == wanted.PeriodNs || (wanted.BudgetNs | wanted.LimitNs) == 0) && ((affinity ^ now.Affinity) & cpus) == 0;
    }
}
