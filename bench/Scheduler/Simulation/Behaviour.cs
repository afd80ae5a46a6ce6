namespace Microkernel.Services.Scheduler.Simulation;

/// <summary>What a simulated vCPU does with its time. Times are nanoseconds.</summary>
public abstract class Behaviour
{
    /// <summary>A burst that never ends.</summary>
    public const ulong ForEver = ulong.MaxValue;

    /// <summary>It wakes up: how long it then wants to run.</summary>
    public abstract ulong Burst(ulong now);

    /// <summary>Its burst is done: when it wakes up again, later than now.</summary>
    public abstract ulong SleepUntil(ulong now);
}
