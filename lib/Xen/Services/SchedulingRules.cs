namespace Microkernel.Xen;

/// <summary>What the dispatcher goes by for a vCPU. Times are nanoseconds.</summary>
/// <param name="Budget">Guaranteed in each period, 10 us at least; 0 for nothing. Needs an affinity of one CPU.</param>
/// <param name="Period">The period of budget and limit, 100 us to 10 s; 0 if there is neither.</param>
/// <param name="Limit">The most in each period, no less than the budget; 0 for no limit.</param>
/// <param name="Weight">Its share of the rest beside the others' weights, 1 to 65535.</param>
/// <param name="Band">Which budgets come first: 0 to 3, higher first.</param>
/// <param name="Affinity">The CPUs that it may use, a bit each, as far as the operator's pin lets it.</param>
public readonly record struct SchedulingRules(ulong Budget, ulong Period, ulong Limit, uint Weight, uint Band, ulong Affinity)
{
    /// <summary>All CPUs.</summary>
    public const ulong Everywhere = ulong.MaxValue;

    /// <summary>The usual weight and nothing else.</summary>
    public static SchedulingRules Usual => new(0, 0, 0, 256, 0, Everywhere);
}
