namespace Microkernel.Services.Scheduler;

/// <summary>What the operator wants for a domain. It belongs to the domain's life, not to a policy.</summary>
public sealed record DomainSettings
{
    /// <summary>The weight of who has not been given one.</summary>
    public const uint UsualWeight = 256;

    /// <summary>The greatest weight.</summary>
    public const uint MostWeight = 65535;

    /// <summary>The highest class of priority.</summary>
    public const uint HighestPriority = 3;

    /// <summary>Nothing was set.</summary>
    public static DomainSettings None { get; } = new();

    /// <summary>Share beside others; null for the usual one.</summary>
    public uint? Weight { get; init; }

    /// <summary>The most of the CPUs, in percent of one; 0 for no limit.</summary>
    public uint Cap { get; init; }

    /// <summary>Class of priority, 0 to 3, higher first.</summary>
    public uint Priority { get; init; }

    /// <summary>People wait for it.</summary>
    public bool IsInteractive { get; init; }

    /// <summary>What each of its vCPUs is to have at least; null for nothing.</summary>
    public Reservation? Reservation { get; init; }

    /// <summary>It may have more than its reservation when there is time left.</summary>
    public bool HasExtraTime { get; init; } = true;

    /// <summary>CPUs that it may run on, a bit each; 0 for all of its pool.</summary>
    public ulong Pin { get; init; }

    /// <summary>Its pool.</summary>
    public string Pool { get; init; } = SchedulingPool.Default;
}
