using System;
using System.Diagnostics;
using System.Globalization;

namespace Mk.Testing;

/// <summary>Counts what passed and what failed, and prints failures as they come.</summary>
public sealed class Tally
{
    /// <summary>How much has passed.</summary>
    public int Passed { get; private set; }

    /// <summary>How much has failed.</summary>
    public int Failed { get; private set; }

    /// <summary>The last line of a test run: the numbers and nothing else.</summary>
    public override string ToString() => $"{Passed} passed, {Failed} failed";

    /// <summary>Does one step that passes or fails as a whole.</summary>
    /// <returns>Whether it passed.</returns>
    public bool Step(string name, Action work)
    {
        long start = Stopwatch.GetTimestamp();
        Print($"{name} ...");
        try
        {
            work();
            Passed++;
        }
        catch (MkException e)
        {
            Failed++;
            Print($"FAILED {name}\n{e.Message}");
            return false;
        }
        Print($"{name}: passed ({Seconds(start)})");
        return true;
    }

    /// <summary>Runs a test project.</summary>
    public void Run(TestProject project, string? filter)
    {
        long start = Stopwatch.GetTimestamp();
        Print($"{project.Name} ...");
        try
        {
            TrxResults results = project.Run(filter, Print);
            Add(project, results, filter);
            Print($"{project.Name}: {results.Passed} passed, {results.Failures.Count} failed ({Seconds(start)})");
        }
        catch (MkException e)
        {
            Failed++;
            Print($"FAILED {project.Name}\n{e.Message}");
        }
    }

    private void Add(TestProject project, TrxResults results, string? filter)
    {
        if (results.Passed + results.Failures.Count == 0 && filter is null)
            throw new MkException(ExitCode.GuestCrashed, $"{project.Name} has no tests");
        Passed += results.Passed;
        Failed += results.Failures.Count;
        foreach (TestFailure failure in results.Failures)
            Print($"FAILED {project.Name}: {failure.Name} ({failure.Outcome})\n{failure.Detail}\n");
    }

    private static void Print(string text) => Console.WriteLine(text);

    private static string Seconds(long start) =>
        string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s");
}
