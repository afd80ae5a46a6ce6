using Microkernel.Core.Domains;

namespace Microkernel.Core.Time;

/// <summary>One watchdog of a domain.</summary>
public sealed class Watchdog(Domain domain) : Timer
{
    /// <summary>The domain has set it and not stopped it.</summary>
    public bool InUse { get; set; }

    /// <inheritdoc/>
    protected internal override void Fire()
    {
        // It may have been stopped or set anew on another CPU since it was taken out of the queue.
        if (InUse && !IsArmed)
            domain.Shutdown(ShutdownReason.Watchdog);
    }
}
