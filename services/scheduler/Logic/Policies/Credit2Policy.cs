namespace Microkernel.Services.Scheduler;

/// <summary>As Xen's credit2: every vCPU has the weight of its domain, so that a domain with more vCPUs that work gets more.</summary>
public sealed class Credit2Policy : SharePolicy
{
    /// <summary>Its name.</summary>
    public const string Name = "credit2";

    /// <inheritdoc/>
    protected override uint WeightOf(DomainView domain) => domain.Weight;
}
