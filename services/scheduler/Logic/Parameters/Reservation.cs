namespace Microkernel.Services.Scheduler;

/// <summary>Time that each vCPU of a domain is to have.</summary>
/// <param name="BudgetNs">This much,</param>
/// <param name="PeriodNs">in each period of this length.</param>
public readonly record struct Reservation(ulong BudgetNs, ulong PeriodNs)
{
    /// <summary>The least budget, in ns.</summary>
    public const ulong LeastBudgetNs = 10_000;

    /// <summary>The shortest period, in ns.</summary>
    public const ulong ShortestPeriodNs = 100_000;

    /// <summary>The longest period, in ns.</summary>
    public const ulong LongestPeriodNs = 10_000_000_000;

    /// <summary>The part of a CPU, 1 for all of it.</summary>
    public double Share => (double)BudgetNs / PeriodNs;
}
