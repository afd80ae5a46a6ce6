using System;
using System.Text.RegularExpressions;
using Mk.Machine;

namespace Mk.Daemon;

/// <summary>Finds the steps of the start in what the core and the services print.</summary>
public sealed partial class StartSteps
{
    private readonly Action<string> _tell;

    /// <summary>Creates the finder.</summary>
    /// <param name="tell">Receives each step.</param>
    public StartSteps(Action<string> tell) => _tell = tell;

    /// <summary>Takes a line of the core's log.</summary>
    public void CoreLine(string line)
    {
        if (!line.StartsWith(CoreLog.Prefix, StringComparison.Ordinal))
            return;
        _tell("core: runs");
        string text = line[CoreLog.Prefix.Length..];
        if (CpusLine().Match(text) is { Success: true } cpus)
            _tell($"core: {cpus.Groups["text"].Value}");
        else if (DomainLine().Match(text) is { Success: true } domain)
            _tell($"{domain.Groups["name"].Value}: domain {domain.Groups["number"].Value} {domain.Groups["what"].Value}");
    }

    /// <summary>Takes a line that a service has printed.</summary>
    public void ServiceLine(string service, string line)
    {
        if (ServiceStep().Match(line) is { Success: true } step)
            _tell($"{service}: {step.Groups["what"].Value}");
    }

    [GeneratedRegex("""^boot: (?<text>\d+ CPUs of \d+ up)""")]
    private static partial Regex CpusLine();

    [GeneratedRegex("""^domain (?<number>\d+) "(?<name>[^"]*)" (?<what>started|restarting|ended: .*)$""")]
    private static partial Regex DomainLine();

    /// <summary>lib/Services/Logging says how a line looks.</summary>
    [GeneratedRegex("""^\d+\.\d+ info (\S+ )?(?<what>starts|serving)\r?$""")]
    private static partial Regex ServiceStep();
}
