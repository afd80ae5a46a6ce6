namespace Mk;

/// <summary>What the process's exit code says. The same table stands in docs/mk.md.</summary>
public enum ExitCode
{
    /// <summary>All guests ended by themselves (power-off, or a reboot that their configuration turns into an end).</summary>
    Success = 0,

    /// <summary>
    /// The command line, a configuration file or the machine's set-up is wrong, a domain cannot be built, or the running system
    /// refused what was asked for.
    /// </summary>
    Usage = 1,

    /// <summary>A guest crashed, or a test, limit or measurement failed.</summary>
    GuestCrashed = 2,

    /// <summary>The core panicked, or reset the machine without a word.</summary>
    CorePanicked = 3,

    /// <summary>The time limit ran out.</summary>
    TimeLimit = 4,

    /// <summary>QEMU could not be started, failed, or ended before the core did.</summary>
    QemuFailed = 5,

    /// <summary>No system is running, it does not answer, or it did not start.</summary>
    NoSystem = 6,

    /// <summary>The operator ended the run (Ctrl-] or a signal).</summary>
    Interrupted = 130,
}
