using System;
using System.Linq;

namespace Microkernel.Services.Scheduler;

/// <summary>As Xen's credit: the weight is the domain's, and is divided among those of its vCPUs that want to run.</summary>
public sealed class CreditPolicy : SharePolicy
{
    /// <summary>Its name.</summary>
    public const string Name = "credit";

    /// <inheritdoc/>
    protected override uint WeightOf(DomainView domain)
    {
        int active = domain.Users.Count(static v => v.RanNs + v.WaitedNs > 0);
        return (uint)Math.Max(1, domain.Weight / Math.Max(1, active));
    }
}
