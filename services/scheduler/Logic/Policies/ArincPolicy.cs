using System.Collections.Generic;
using System.Linq;

namespace Microkernel.Services.Scheduler;

/// <summary>
/// As Xen's arinc653: a fixed table for each CPU, in which every vCPU with a reservation has its slots and nobody else runs in them. The table
/// is laid out from the reservations. Who has none runs in what the table leaves.
/// </summary>
public sealed class ArincPolicy : IPolicy
{
    /// <summary>Its name.</summary>
    public const string Name = "arinc653";

    private readonly CpuPlacement _placement = new();

    /// <inheritdoc/>
    public PolicyPlan Plan(PoolView pool)
    {
        PolicyPlan plan = new();
        double share = 1 - (pool.HasFloors ? PoolView.FloorShare : 0);
        List<Guarantee> wanted = [];
        foreach (DomainView domain in pool.Domains)
        {
            if (domain.Settings.Reservation is { } reservation)
                wanted.AddRange(domain.Users.Select(v => new Guarantee(v, reservation, Band: 0, IsOperators: true)));
        }

        IReadOnlyDictionary<VcpuKey, uint> places = _placement.Place(pool, wanted, share);
        foreach (IGrouping<uint, Guarantee> cpu in wanted.Where(g => places.ContainsKey(g.Vcpu.Key)).GroupBy(g => places[g.Vcpu.Key]))
            AddTable(pool, cpu.Key, [.. cpu], plan);
        HashSet<VcpuKey> slotted = [.. plan.Tables.Values.SelectMany(static t => t).Where(static s => s.Vcpu is not null).Select(static s => s.Vcpu!.Value)];
        uint[] open = [.. pool.Cpus.Where(cpu => !plan.Tables.TryGetValue(cpu, out IReadOnlyList<TableSlot>? table) || table.Any(static s => s.Vcpu is null))];
        foreach (DomainView domain in pool.Domains)
            AddDomain(pool, domain, slotted, places, open, plan);
        if (pool.HasFloors)
            plan.Notes.Add($"services have a floor here: {Words.Time(CyclicTable.HoleNs)} of every {Words.Time(CyclicTable.HoleEveryNs)} of each table are left to them");
        return plan;
    }

    private static void AddTable(PoolView pool, uint cpu, List<Guarantee> users, PolicyPlan plan)
    {
        if (CyclicTable.Lay([.. users.Select(static g => new CyclicTask(g.Vcpu.Key, g.Reservation.BudgetNs, g.Reservation.PeriodNs))], pool.HasFloors) is { } table)
        {
            plan.Tables[cpu] = table;
            ulong frame = table.Aggregate(0UL, static (sum, slot) => sum + slot.LengthNs);
            plan.Notes.Add($"CPU {cpu}: {table.Count} slots in {Words.Time(frame)}");
            return;
        }

        foreach (Guarantee user in users)
        {
            plan.Miss(
                user.Vcpu.Key.Domain,
                $"{Words.Of(user.Reservation)} for vCPU {user.Vcpu.Key.Vcpu}: there is no table of {CpuTable.MostSlots} slots for all reservations of CPU {cpu}; periods that are multiples of each other need fewer",
                isAdmission: true);
        }
    }

    private static void AddDomain(
        PoolView pool, DomainView domain, HashSet<VcpuKey> slotted, IReadOnlyDictionary<VcpuKey, uint> places, uint[] open, PolicyPlan plan)
    {
        Dictionary<VcpuKey, double> caps = CapShares.Of(domain, pool.ElapsedNs);
        foreach (VcpuView vcpu in domain.Vcpus)
        {
            bool hasSlots = slotted.Contains(vcpu.Key);
            double cap = hasSlots ? 0 : caps.GetValueOrDefault(vcpu.Key);
            plan.Contexts[vcpu.Key] = new VcpuContext
            {
                Weight = domain.Weight,
                LimitNs = cap is > 0 and < 1 ? System.Math.Max(Reservation.LeastBudgetNs, (ulong)(cap * VcpuContext.UsualPeriodNs)) : 0,
                Affinity = hasSlots ? CpuBits.Of(places[vcpu.Key]) : vcpu.Allowed,
            };
            if (!hasSlots && !open.Any(vcpu.Allows))
                plan.Miss(domain.Domain, $"vCPU {vcpu.Key.Vcpu} has no time at all: the tables leave nothing on its CPUs; give it a budget and a period");
        }

        Tell(pool, domain, places, plan);
    }

    private static void Tell(PoolView pool, DomainView domain, IReadOnlyDictionary<VcpuKey, uint> places, PolicyPlan plan)
    {
        DomainSettings settings = domain.Settings;
        if (settings.Reservation is not { } reservation)
            plan.Miss(domain.Domain, "it has no reservation: it runs in what the tables leave, by weight");
        else if (domain.Users.Any(v => !places.ContainsKey(v.Key)))
            plan.Miss(domain.Domain, $"{Words.Of(reservation)}: no CPU of pool '{pool.Name}' has {Words.Percent(reservation.Share)} left", isAdmission: true);
        else if (settings.HasExtraTime)
            plan.Miss(domain.Domain, "extra time: it has its slots and nothing beside them");
        if (settings.Priority > 0)
            plan.Miss(domain.Domain, $"priority {settings.Priority}: a table has an order of its own");
        if (settings.IsInteractive)
            plan.Miss(domain.Domain, $"interactive: only the policy '{InteractivePolicy.Name}' goes by that");
        if (settings.Reservation is not null && settings.Cap > 0)
            plan.Miss(domain.Domain, $"cap {settings.Cap} %: it has its slots, no less");
    }
}
