using Microkernel.Core.Dispatch;

namespace Microkernel.Services.Scheduler.Simulation;

/// <summary>A simulated CPU.</summary>
public sealed class SimCpu
{
    /// <summary>CPUs of a node take vCPUs over from each other; masks have a bit for each.</summary>
    public const int PerNode = 64;

    internal SimCpu(int index, int capacity)
    {
        Index = index;
        Schedule = new CpuSchedule(index, capacity, Machine.Second);
    }

    /// <summary>Its number.</summary>
    public int Index { get; }

    /// <summary>Time in which nobody ran here, in ns.</summary>
    public ulong IdleNs { get; internal set; }

    internal int Node => Index / PerNode;

    /// <summary>It has decided that nobody runs.</summary>
    internal bool IsIdle { get; set; } = true;

    internal CpuSchedule Schedule { get; }

    internal SimVcpu? Running { get; set; }

    internal ulong DecidedAt { get; set; }

    internal ulong SliceEnd { get; set; }

    /// <summary>Rises with each decision, so that an event of an older one is not taken for a new one's.</summary>
    internal int Decision { get; set; }
}
