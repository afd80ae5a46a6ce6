using Microkernel.Core.Domains;

namespace Microkernel.Core.Time;

/// <summary>One watchdog of a domain.</summary>
public sealed class Watchdog(Domain domain) : Timer
{
    /// <summary>The domain has set it and not stopped it.</summary>
    public bool InUse { get; set; }

    /// <inheritdoc/>
    protected internal override void Fire() => domain.Shutdown(ShutdownReason.Watchdog);
}
