namespace Mk.Machine;

/// <summary>The end of a domain as the core logged it.</summary>
/// <param name="Name">The domain's name.</param>
/// <param name="Cause">poweroff, reboot, suspend, crash, watchdog or soft reset.</param>
/// <param name="Detail">What the core says beyond that; may be empty.</param>
/// <param name="Restarting">Whether the core builds the domain again.</param>
public sealed record DomainEnd(string Name, string Cause, string Detail, bool Restarting)
{
    /// <summary>Whether the domain ended against its own will, for good.</summary>
    public bool IsCrash => !Restarting && Cause is "crash" or "watchdog";

    /// <summary>The end in one phrase.</summary>
    public override string ToString() => $"{Name}: {Cause}{(Detail.Length > 0 ? ": " + Detail : "")}{(Restarting ? " (restarted)" : "")}";
}
