using System;
using System.Collections.Generic;
using System.Linq;

namespace Microkernel.Services.Scheduler;

/// <summary>
/// As Xen's rtds: every vCPU has a budget in each period, earliest deadline first. Who was not given one has 4 ms of every 10 ms, or as much
/// of that as is left for all of them; what nobody has reserved is shared by weight. Each vCPU with a budget stays on one CPU.
/// </summary>
public sealed class RtdsPolicy : SharePolicy
{
    /// <summary>Its name.</summary>
    public const string Name = "rtds";

    private const double UsualShare = 0.4;
    private const double Steps = 100;
    private const double Rounding = 1e-6;

    /// <inheritdoc/>
    protected override uint WeightOf(DomainView domain) => domain.Weight;

    /// <inheritdoc/>
    protected override void AddGuarantees(PoolView pool, List<Guarantee> wanted)
    {
        List<VcpuView> others = [.. pool.Domains.Where(static d => d.Settings.Reservation is null).SelectMany(static d => d.Users)];
        double left = (PoolView.UnaskedShare * pool.Cpus.Count) - wanted.Sum(static g => g.Reservation.Share);
        // Whole hundredths, and not the last of them: budgets that change with every newcomer, or find no place, help nobody.
        double share = others.Count == 0 ? 0 : Math.Floor((Math.Min(UsualShare, left / others.Count) * Steps) + Rounding) / Steps;
        if (share <= 0)
            return;
        ulong budget = (ulong)(share * VcpuContext.UsualPeriodNs);
        wanted.AddRange(others.Select(v => new Guarantee(v, new Reservation(budget, VcpuContext.UsualPeriodNs), Band: 0, IsOperators: false)));
    }
}
