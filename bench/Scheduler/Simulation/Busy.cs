namespace Microkernel.Services.Scheduler.Simulation;

/// <summary>It computes without end.</summary>
public sealed class Busy : Behaviour
{
    /// <inheritdoc/>
    public override ulong Burst(ulong now) => ForEver;

    /// <inheritdoc/>
    public override ulong SleepUntil(ulong now) => ForEver;
}
