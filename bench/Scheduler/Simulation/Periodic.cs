namespace Microkernel.Services.Scheduler.Simulation;

/// <summary>A job of the same length in each period, which has to be done before the next one begins.</summary>
/// <param name="work">The job's length.</param>
/// <param name="period">The period.</param>
public sealed class Periodic(ulong work, ulong period) : Behaviour
{
    private ulong _release;

    /// <summary>Jobs that were done.</summary>
    public int Jobs { get; private set; }

    /// <summary>Jobs that were done too late.</summary>
    public int Missed { get; private set; }

    /// <summary>By how much the worst one was late.</summary>
    public ulong WorstLateness { get; private set; }

    /// <inheritdoc/>
    public override ulong Burst(ulong now)
    {
        if (_release == 0)
            _release = now;
        return work;
    }

    /// <inheritdoc/>
    public override ulong SleepUntil(ulong now)
    {
        Jobs++;
        _release += period;
        if (now > _release)
        {
            Missed++;
            WorstLateness = ulong.Max(WorstLateness, now - _release);
        }

        return ulong.Max(_release, now + 1);
    }
}
