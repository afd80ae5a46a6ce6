using System;

namespace Microkernel.Services.Scheduler.Simulation;

/// <summary>It waits for somebody, does something, and waits again; both take random times.</summary>
/// <param name="random">Where the times come from.</param>
/// <param name="burst">The mean of its bursts.</param>
/// <param name="sleep">The mean of its sleeps.</param>
public sealed class Bursty(Random random, ulong burst, ulong sleep) : Behaviour
{
    /// <inheritdoc/>
    public override ulong Burst(ulong now) => Around(burst);

    /// <inheritdoc/>
    public override ulong SleepUntil(ulong now) => now + Around(sleep);

    private ulong Around(ulong mean) => 1 + (ulong)((0.5 + random.NextDouble()) * mean);
}
