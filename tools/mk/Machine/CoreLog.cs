using System;
using System.Collections.Generic;
using System.Text.RegularExpressions;

namespace Mk.Machine;

/// <summary>Reads the core's log, line by line, for what decides a run: ends of domains and panics.</summary>
public sealed partial class CoreLog
{
    /// <summary>What every line of the core starts with.</summary>
    public const string Prefix = "(core) ";

    private const string PanicStart = Prefix + "PANIC: ";
    private const string PanicEnd = Prefix + "END PANIC";

    private readonly List<string> _panic = [];
    private readonly List<DomainEnd> _ends = [];
    private readonly List<string> _refusals = [];

    /// <summary>The ends of domains so far, restarts among them.</summary>
    public IReadOnlyList<DomainEnd> Ends => _ends;

    /// <summary>Domains that the core could not build, each with its reason.</summary>
    public IReadOnlyList<string> Refusals => _refusals;

    /// <summary>Whether a domain has been started, and so everything before that is done.</summary>
    public bool HasStarted { get; private set; }

    /// <summary>Whether no domain is left.</summary>
    public bool AllEnded { get; private set; }

    /// <summary>Whether the core has panicked.</summary>
    public bool Panicked => _panic.Count > 0;

    /// <summary>Whether the report of the panic is complete.</summary>
    public bool PanicComplete { get; private set; }

    /// <summary>The lines of the panic, from its first one.</summary>
    public IReadOnlyList<string> Panic => _panic;

    /// <summary>Whether nothing more is to be expected.</summary>
    public bool Finished => AllEnded || PanicComplete;

    /// <summary>Takes one line, without its end.</summary>
    public void Add(string line)
    {
        if (line.StartsWith(PanicEnd, StringComparison.Ordinal))
            PanicComplete = Panicked;
        else if (Panicked || line.StartsWith(PanicStart, StringComparison.Ordinal))
            _panic.Add(line);
        else if (line.StartsWith(Prefix + "all domains have ended", StringComparison.Ordinal))
            AllEnded = true;
        else if (EndLine().Match(line) is { Success: true } end)
            _ends.Add(new DomainEnd(end.Groups["name"].Value, end.Groups["cause"].Value, end.Groups["detail"].Value.Trim(), Restarting: false));
        else if (RefusalLine().Match(line) is { Success: true } refusal)
            _refusals.Add(refusal.Groups["text"].Value);
        else if (StartLine().IsMatch(line))
            HasStarted = true;
        else if (RestartLine().Match(line) is { Success: true } restart)
            MarkRestart(restart.Groups["name"].Value);
    }

    /// <summary>The core says that it builds a domain again in a line of its own, after the end.</summary>
    private void MarkRestart(string name)
    {
        int last = _ends.FindLastIndex(end => end.Name == name);
        if (last >= 0)
            _ends[last] = _ends[last] with { Restarting = true };
    }

    [GeneratedRegex("""^\(core\) domain \d+ "(?<name>[^"]*)" ended: (?<cause>[a-z ]+):?(?<detail>.*)$""")]
    private static partial Regex EndLine();

    [GeneratedRegex("""^\(core\) (?<text>domain "[^"]*" cannot be built: .*)$""")]
    private static partial Regex RefusalLine();

    [GeneratedRegex("""^\(core\) domain \d+ "[^"]*" started""")]
    private static partial Regex StartLine();

    [GeneratedRegex("""^\(core\) domain \d+ "(?<name>[^"]*)" restarting""")]
    private static partial Regex RestartLine();
}
