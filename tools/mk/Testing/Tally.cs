using System;
using System.Diagnostics;
using System.Globalization;
using System.Threading;

namespace Mk.Testing;

/// <summary>Counts what passed and what failed, and prints failures as they come. Several threads may run projects.</summary>
public sealed class Tally
{
    private readonly Lock _turn = new();

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
    public void Run(TestProject project, TestChoice choice)
    {
        long start = Stopwatch.GetTimestamp();
        Print($"{project.Name} ...");
        try
        {
            TrxResults results = project.Run(choice, Print);
            Add(project, results, choice);
            Print($"{project.Name}: {results.Passed} passed, {results.Failures.Count} failed ({Seconds(start)})");
        }
        catch (MkException e)
        {
            Add(0, 1);
            Print($"FAILED {project.Name}\n{e.Message}");
        }
    }

    private void Add(TestProject project, TrxResults results, TestChoice choice)
    {
        if (results.Passed + results.Failures.Count == 0 && choice.Filter is null)
            throw new MkException(ExitCode.GuestCrashed, $"{project.Name} has no tests");
        Add(results.Passed, results.Failures.Count);
        foreach (TestFailure failure in results.Failures)
            Print($"FAILED {project.Name}: {failure.Name} ({failure.Outcome})\n{failure.Detail}\n");
    }

    private void Add(int passed, int failed)
    {
        lock (_turn)
        {
            Passed += passed;
            Failed += failed;
        }
    }

    private static void Print(string text) => Console.WriteLine(text);

    private static string Seconds(long start) =>
        string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s");
}
