namespace Microkernel.Core.Dispatch;

/// <summary>What a policy says of a vCPU, in nanoseconds; its layout is the ABI's.</summary>
public struct SchedulingRules
{
    /// <summary>Guaranteed in each period; 0 for nothing.</summary>
    public ulong Budget;

    /// <summary>The period of budget and limit.</summary>
    public ulong Period;

    /// <summary>The most in each period; 0 for no limit.</summary>
    public ulong Limit;

    /// <summary>Share of slack.</summary>
    public uint Weight;

    /// <summary>Which guarantees come first.</summary>
    public uint Band;

    /// <summary>The CPUs, a bit each.</summary>
    public ulong Affinity;
}
