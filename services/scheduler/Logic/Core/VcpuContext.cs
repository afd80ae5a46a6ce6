namespace Microkernel.Services.Scheduler;

/// <summary>How the dispatcher gives a vCPU time (docs/scheduler-service.md).</summary>
public readonly record struct VcpuContext
{
    /// <summary>The period of contexts whose policy asks for none.</summary>
    public const ulong UsualPeriodNs = 10_000_000;

    /// <summary>A context without guarantees: a weight on any CPU.</summary>
    public VcpuContext()
    {
    }

    /// <summary>Guaranteed time in each period, in ns; 0 for none. A vCPU that has some must have exactly one CPU.</summary>
    public ulong BudgetNs { get; init; }

    /// <summary>The period of budget and limit, in ns.</summary>
    public ulong PeriodNs { get; init; } = UsualPeriodNs;

    /// <summary>The most time in each period, in ns; 0 for no limit.</summary>
    public ulong LimitNs { get; init; }

    /// <summary>Share of what is not guaranteed, 1 to 65535.</summary>
    public uint Weight { get; init; } = DomainSettings.UsualWeight;

    /// <summary>0 to 3: whose budget goes first.</summary>
    public uint Band { get; init; }

    /// <summary>CPUs, a bit each; those past the 63rd share bits.</summary>
    public ulong Affinity { get; init; } = ulong.MaxValue;
}
