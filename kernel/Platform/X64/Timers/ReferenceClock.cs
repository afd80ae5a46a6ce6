namespace Microkernel.Platform.Timers;

/// <summary>A clock of known frequency that others are measured against.</summary>
public abstract class ReferenceClock
{
    /// <summary>For the log.</summary>
    public abstract string Name { get; }

    /// <summary>Ticks a second.</summary>
    public abstract ulong Frequency { get; }

    /// <summary>All ones in the width of the counter.</summary>
    public abstract uint Mask { get; }

    /// <summary>The counter, which counts up and wraps at its width.</summary>
    public abstract uint Read();

    /// <summary>The counter does not stand still.</summary>
    public bool Moves()
    {
        const int Patience = 100_000;
        uint first = Read();
        for (int i = 0; i < Patience; i++)
        {
            if (Read() != first)
                return true;
        }

        return false;
    }
}
