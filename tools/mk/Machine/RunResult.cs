using System.Linq;

namespace Mk.Machine;

/// <summary>How a run ended.</summary>
/// <param name="Code">The exit code.</param>
/// <param name="Reason">The reason in words; may have several lines.</param>
public sealed record RunResult(ExitCode Code, string Reason)
{
    /// <summary>
    /// Judges a run whose QEMU has ended by itself or been told to by <see cref="CoreLog.Finished"/>.
    /// </summary>
    /// <param name="log">What the core said.</param>
    /// <param name="guestReset">Whether QEMU reported that the machine reset or shut itself down.</param>
    /// <param name="qemuExitCode">QEMU's exit code.</param>
    /// <param name="qemuErrors">What QEMU wrote to its error output.</param>
    public static RunResult Judge(CoreLog log, bool guestReset, int qemuExitCode, string qemuErrors)
    {
        if (log.Panicked)
            return new(ExitCode.CorePanicked, string.Join('\n', log.Panic));
        if (log.AllEnded)
            return JudgeGuests(log);
        if (qemuExitCode == 0 && guestReset)
            return new(ExitCode.CorePanicked, "the machine reset itself without a word from the core (a triple fault?)");
        string words = qemuErrors.Trim();
        return new(ExitCode.QemuFailed, $"QEMU ended with code {qemuExitCode} before the core did{(words.Length > 0 ? ":\n" + words : "")}");
    }

    private static RunResult JudgeGuests(CoreLog log)
    {
        string reason = string.Join('\n', [.. log.Refusals, .. log.Ends.Select(static end => end.ToString())]);
        if (log.Refusals.Count > 0)
            return new(ExitCode.Usage, reason);
        foreach (DomainEnd end in log.Ends)
        {
            if (end.IsCrash)
                return new(ExitCode.GuestCrashed, reason);
        }
        return new(ExitCode.Success, reason);
    }
}
