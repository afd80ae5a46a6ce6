using System;
using System.Collections.Generic;
using System.Linq;

namespace Microkernel.Services.Scheduler;

/// <summary>
/// credit2, and it finds out whom people wait for: vCPUs that wake up, do a little, and wait again. These get a small budget, so that they run
/// at once when they wake up, whoever else computes. Who pretends to be one of them gains no more than that budget.
/// </summary>
public sealed class InteractivePolicy : SharePolicy
{
    /// <summary>Its name.</summary>
    public const string Name = "interactive";

    private const ulong PeriodNs = 20_000_000;
    private const ulong FoundBudgetNs = 2_000_000;
    private const ulong ToldBudgetNs = 5_000_000;
    private const ulong LongBurstNs = 5_000_000;
    private const double MuchOfACpu = 0.3;
    private const int Sure = 3, Most = 10, Penalty = 3;

    private Dictionary<VcpuKey, int> _scores = [];
    private HashSet<VcpuKey> _found = [];

    /// <inheritdoc/>
    protected override uint WeightOf(DomainView domain) => domain.Weight;

    /// <inheritdoc/>
    protected override void AddGuarantees(PoolView pool, List<Guarantee> wanted)
    {
        Learn(pool);
        foreach (DomainView domain in pool.Domains.Where(static d => d.Settings.Reservation is null))
        {
            foreach (VcpuView vcpu in domain.Users.Where(v => domain.Settings.IsInteractive || _found.Contains(v.Key)))
            {
                ulong budget = domain.Settings.IsInteractive ? ToldBudgetNs : FoundBudgetNs;
                wanted.Add(new Guarantee(vcpu, new Reservation(budget, PeriodNs), Band: 0, IsOperators: false));
            }
        }
    }

    /// <inheritdoc/>
    protected override void Tell(DomainView domain, bool isPromised, PolicyPlan plan)
    {
        if (domain.Settings.IsInteractive && !isPromised)
            plan.Miss(domain.Domain, "interactive: no CPU that it may run on has room for its budget");
    }

    private void Learn(PoolView pool)
    {
        Dictionary<VcpuKey, int> scores = [];
        HashSet<VcpuKey> found = [];
        foreach (VcpuView vcpu in pool.Vcpus)
        {
            int score = Judge(vcpu, pool.ElapsedNs, _scores.GetValueOrDefault(vcpu.Key));
            scores[vcpu.Key] = score;
            if (score >= Sure || (score > 0 && _found.Contains(vcpu.Key)))
                found.Add(vcpu.Key);
        }

        (_scores, _found) = (scores, found);
    }

    private static int Judge(VcpuView vcpu, ulong elapsed, int score)
    {
        if (vcpu.Wakeups == 0 && vcpu.RanNs == 0)
            return score;
        bool isCalm = vcpu.RanNs < elapsed * MuchOfACpu && vcpu.RanNs / Math.Max(1, vcpu.Wakeups) < LongBurstNs;
        return Math.Clamp(isCalm ? score + 1 : score - Penalty, 0, Most);
    }
}
