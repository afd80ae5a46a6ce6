using System;
using System.Collections.Generic;
using System.Linq;

namespace Microkernel.Services.Scheduler;

/// <summary>
/// What the policies have in common that share CPUs by weight: reservations are budgets on a CPU that is found for them, caps are limits. A
/// policy of this kind says how weights count, and may promise budgets of its own.
/// </summary>
public abstract class SharePolicy : IPolicy
{
    private readonly CpuPlacement _placement = new();

    /// <inheritdoc/>
    public PolicyPlan Plan(PoolView pool)
    {
        PolicyPlan plan = new();
        List<Guarantee> wanted = [];
        foreach (DomainView domain in pool.Domains)
        {
            if (domain.Settings.Reservation is { } reservation)
                wanted.AddRange(domain.Users.Select(v => new Guarantee(v, reservation, domain.Settings.Priority, IsOperators: true)));
        }

        AddGuarantees(pool, wanted);
        IReadOnlyDictionary<VcpuKey, uint> places = _placement.Place(pool, wanted, pool.ReservableShare);
        Dictionary<VcpuKey, Guarantee> promised = wanted.Where(g => places.ContainsKey(g.Vcpu.Key)).ToDictionary(static g => g.Vcpu.Key);
        foreach (DomainView domain in pool.Domains)
        {
            AddContexts(pool, domain, promised, places, plan);
            Tell(pool, domain, promised, plan);
        }

        return plan;
    }

    /// <summary>The weight of a vCPU.</summary>
    protected abstract uint WeightOf(DomainView domain);

    /// <summary>Adds budgets that the policy thinks good for vCPUs of domains without a reservation. They are promised as far as there is room.</summary>
    protected virtual void AddGuarantees(PoolView pool, List<Guarantee> wanted)
    {
    }

    /// <summary>Says what of a domain's settings this policy does not do.</summary>
    protected virtual void Tell(DomainView domain, bool isPromised, PolicyPlan plan)
    {
        if (domain.Settings.IsInteractive)
            plan.Miss(domain.Domain, $"interactive: only the policy '{InteractivePolicy.Name}' goes by that");
    }

    private static VcpuContext Describe(DomainView domain, VcpuView vcpu, Guarantee? promised, uint cpu, double cap, uint weight)
    {
        ulong period = promised?.Reservation.PeriodNs ?? VcpuContext.UsualPeriodNs, budget = promised?.Reservation.BudgetNs ?? 0;
        ulong limit = cap is > 0 and < 1 ? Math.Max(Reservation.LeastBudgetNs, (ulong)(cap * period)) : 0;
        if (budget > 0 && domain.Settings.Reservation is not null && !domain.Settings.HasExtraTime)
            limit = limit == 0 ? budget : Math.Min(limit, budget);
        return new VcpuContext
        {
            BudgetNs = limit == 0 ? budget : Math.Min(budget, limit),
            PeriodNs = period,
            LimitNs = limit,
            Weight = weight,
            Band = promised?.Band ?? 0,
            Affinity = budget > 0 ? CpuBits.Of(cpu) : vcpu.Allowed,
        };
    }

    private void AddContexts(
        PoolView pool, DomainView domain, Dictionary<VcpuKey, Guarantee> promised, IReadOnlyDictionary<VcpuKey, uint> places, PolicyPlan plan)
    {
        Dictionary<VcpuKey, double> caps = CapShares.Of(domain, pool.ElapsedNs);
        uint weight = WeightOf(domain);
        foreach (VcpuView vcpu in domain.Vcpus)
        {
            plan.Contexts[vcpu.Key] = Describe(
                domain, vcpu, promised.GetValueOrDefault(vcpu.Key), places.GetValueOrDefault(vcpu.Key), caps.GetValueOrDefault(vcpu.Key), weight);
        }
    }

    private void Tell(PoolView pool, DomainView domain, Dictionary<VcpuKey, Guarantee> promised, PolicyPlan plan)
    {
        DomainSettings settings = domain.Settings;
        if (settings.Reservation is { } reservation)
        {
            foreach (VcpuView vcpu in domain.Users.Where(v => !promised.ContainsKey(v.Key)))
            {
                plan.Miss(
                    domain.Domain,
                    $"{Words.Of(reservation)} for vCPU {vcpu.Key.Vcpu}: no CPU of pool '{pool.Name}' that it may run on has {Words.Percent(reservation.Share)} left of the {Words.Percent(pool.ReservableShare)} that can be reserved",
                    isAdmission: true);
            }

            if (settings.Cap > 0 && settings.Cap / 100.0 / domain.Users.Count < reservation.Share)
                plan.Miss(domain.Domain, $"{Words.Of(reservation)}: the cap of {settings.Cap} % for {domain.Users.Count} vCPUs is less");
        }
        else if (settings.Priority > 0)
        {
            plan.Miss(domain.Domain, $"priority {settings.Priority} counts for reserved time: set a budget and a period too");
        }

        Tell(domain, domain.Users.Any(v => promised.ContainsKey(v.Key)), plan);
    }
}
