using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Mk.Boot;
using Mk.Machine;
using Mk.Terminal;

namespace Mk.Bench;

/// <summary>Boots the benchmark guests and reads what they and the core print.</summary>
public static partial class BenchRun
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(240);

    private const int MostVcpus = 128;

    private const string BootKey = "boot instructions", WaitsKey = "boot waits", MemoryKey = "core memory KiB";

    /// <summary>Keys of what the core itself logs, once a run; all others are operations of a guest.</summary>
    public static readonly IReadOnlyList<string> CoreKeys = [BootKey, WaitsKey, MemoryKey];

    /// <summary>Measures everything on one kind of machine.</summary>
    /// <param name="machine">The machine; CPUs and memory are set here.</param>
    /// <param name="name">The name of this measurement, for its logs.</param>
    /// <returns>The figures by key.</returns>
    /// <exception cref="MkException">A run did not end well.</exception>
    public static async Task<IReadOnlyDictionary<string, long>> MeasureAsync(MachineOptions machine, string name)
    {
        var figures = new Dictionary<string, long>();
        MachineOptions oneCpu = machine with { Cpus = 1, MemoryMiB = 3072, TimeLimit = TimeLimit };
        await RunAsync(oneCpu, [Guest("single", "")], $"{name}-single", figures);
        await RunAsync(oneCpu, [Guest("crowd", "crowd=1") with { Vcpus = MostVcpus }], $"{name}-crowd", figures);
        // Domains are numbered from 1 in the order of the manifest.
        await RunAsync(oneCpu, [Guest("server", "role=server domid=1 peer=2"), Guest("client", "role=client domid=2 peer=1")], $"{name}-pair", figures);
        return figures;
    }

    /// <summary>Reads the figures in a guest's output or the core's log.</summary>
    public static IEnumerable<KeyValuePair<string, long>> Read(string text)
    {
        foreach (Match line in GuestLine().Matches(text))
            yield return new(line.Groups["key"].Value, Number(line, "value"));
        if (BootLine().Match(text) is { Success: true } boot)
        {
            yield return new(BootKey, Number(boot, "work"));
            yield return new(WaitsKey, Number(boot, "waits"));
        }
        if (MemoryLine().Match(text) is { Success: true } memory)
            yield return new(MemoryKey, Number(memory, "taken"));
    }

    private static async Task RunAsync(MachineOptions machine, IReadOnlyList<GuestConfig> guests, string name, Dictionary<string, long> figures)
    {
        await using Session session = Session.Start(machine, guests, Repository.InRoot($"out/bench/{name}.log"));
        using Signals signals = session.StopOnSignals();
        RunResult result = await session.Completion;
        session.ThrowIfSignalled();
        string output = session.Core.ToString();
        for (int i = 0; i < guests.Count; i++)
            output += "\n" + session.Guest(i);
        if (result.Code != ExitCode.Success || FailedLine().IsMatch(output) || !PassedLine().IsMatch(output))
            throw new MkException(result.Code == ExitCode.Success ? ExitCode.GuestCrashed : result.Code, $"the benchmark '{name}' failed: {result.Reason}\nsee {session.LogFile}");
        foreach ((string key, long value) in Read(output))
            figures[key] = value;
    }

    private static GuestConfig Guest(string name, string commandLine) =>
        new(name, TestGuests.PathOf("bench64.elf"), null, commandLine, 64, 2);

    private static long Number(Match match, string group) =>
        long.Parse(match.Groups[group].Value.Replace(",", ""), CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^bench (?<key>[^:\r\n]+): (?<value>\d+)", RegexOptions.Multiline)]
    private static partial Regex GuestLine();

    [GeneratedRegex(@"^\(core\) boot: instructions (?<work>[\d,]+), waits (?<waits>[\d,]+)", RegexOptions.Multiline)]
    private static partial Regex BootLine();

    [GeneratedRegex(@"^\(core\) memory: core takes (?<taken>[\d,]+) KiB", RegexOptions.Multiline)]
    private static partial Regex MemoryLine();

    [GeneratedRegex(@"^guest-test bench: \d+ passed, [1-9]\d* failed", RegexOptions.Multiline)]
    private static partial Regex FailedLine();

    [GeneratedRegex(@"^guest-test bench: [1-9]\d* passed, 0 failed", RegexOptions.Multiline)]
    private static partial Regex PassedLine();
}
