using Microkernel.Core.Domains;

namespace Microkernel.Core.Dispatch;

/// <summary>What the dispatcher goes by for one vCPU. Today: a weight and an affinity; budgets and bands join them here.</summary>
public sealed class SchedulingContext
{
    /// <summary>Share of slack relative to others.</summary>
    public int Weight { get; set; } = DomainConfig.DefaultWeight;

    /// <summary>Time it ran, in TSC ticks, scaled by <see cref="DomainConfig.DefaultWeight"/> over <see cref="Weight"/>: the smallest runs next.</summary>
    public ulong VirtualTime { get; set; }

    /// <summary>Position in its run queue's heap; -1 while it is in none.</summary>
    public int HeapIndex { get; set; } = -1;

    /// <summary>The CPUs that it may run on, a bit each.</summary>
    public ulong Affinity { get; set; } = ulong.MaxValue;

    /// <summary>It may run on CPU <paramref name="cpu"/>.</summary>
    public bool Allows(int cpu) => (Affinity & MaskOf(cpu)) != 0;

    /// <summary>The bit of a CPU; those past the 63rd share it with others.</summary>
    public static ulong MaskOf(int cpu) => 1UL << cpu;

    /// <summary>Charges <paramref name="ticks"/> of running.</summary>
    public void Charge(ulong ticks) => VirtualTime += ticks * DomainConfig.DefaultWeight / (ulong)Weight;

    /// <summary>As for a new domain of some weight. It must be in no run queue.</summary>
    public void Reset(int weight)
    {
        Weight = weight;
        VirtualTime = 0;
        Affinity = ulong.MaxValue;
    }
}
