using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Mk.Testing;

/// <summary>A project of NUnit tests.</summary>
/// <param name="Path">Its project file, relative to the root.</param>
public sealed record TestProject(string Path)
{
    private static readonly string[] s_bare = ["Core.Tests", "CoreLib.Tests", "CoreMessages.Tests", "Mk.Tests", "Platform.Tests", "System.Tests"];

    /// <summary>Its name.</summary>
    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    /// <summary>Whether its tests boot machines.</summary>
    public bool BootsMachines => Path.StartsWith("tests/System/", StringComparison.Ordinal);

    /// <summary>Whether it runs alone: it boots two machines at a time, or tests what threads on two CPUs see of each other.</summary>
    public bool WantsAllCpus => BootsMachines || Name == "Rings.Tests";

    /// <summary>All test projects below tests/ that have some of the tests, those that boot machines last.</summary>
    public static IReadOnlyList<TestProject> FindAll(TestChoice choice) =>
        [.. Directory.GetFiles(Repository.InRoot("tests"), "*.csproj", SearchOption.AllDirectories)
            .Where(static f => File.ReadAllText(f).Contains("Microsoft.NET.Test.Sdk", StringComparison.Ordinal))
            .Select(static f => new TestProject(System.IO.Path.GetRelativePath(Repository.Root, f)))
            .Where(p => !choice.IsBare || s_bare.Contains(p.Name))
            .OrderBy(static p => p.BootsMachines).ThenBy(static p => p.Path, StringComparer.Ordinal)];

    /// <summary>Lists the tests that are wanted.</summary>
    public IReadOnlyList<string> List(TestChoice choice) =>
        [.. Tool.Run("dotnet", ["test", Path, "--no-build", "--nologo", "--list-tests", .. FilterOf(choice), "--", "NUnit.DisplayName=FullName"], Repository.Root)
            .Split('\n')
            .Where(static line => line.StartsWith("    ", StringComparison.Ordinal))
            .Select(static line => line.Trim())];

    /// <summary>Runs the tests.</summary>
    /// <param name="choice">Which.</param>
    /// <param name="progress">Receives a line for each test of a project that boots machines.</param>
    /// <returns>The results; without any test when none of it is wanted.</returns>
    /// <exception cref="MkException">The test program itself failed.</exception>
    public TrxResults Run(TestChoice choice, Action<string> progress)
    {
        string folder = Directory.CreateDirectory(Repository.InRoot("out/test-results")).FullName;
        string trx = System.IO.Path.Combine(folder, Name + ".trx");
        File.Delete(trx);
        List<string> arguments =
        [
            "test", Path, "--no-build", "--nologo", "--results-directory", folder,
            "--logger", $"trx;LogFileName={Name}.trx", "--logger", "console;verbosity=normal",
            .. FilterOf(choice),
        ];
        List<string> lines = [];
        int code = Tool.Stream("dotnet", arguments, Repository.Root, line =>
        {
            lines.Add(line);
            if (BootsMachines && IsResult(line))
                progress(line.Trim());
        });
        TrxResults? results = ResultsIn(trx);
        if (results is null && code == 0 && choice.Filter is not null)
            return new TrxResults(0, []);
        if (results is not null && (code == 0 || results.Failures.Count > 0))
            return results;
        throw new MkException(ExitCode.GuestCrashed, $"the tests of {Name} could not be run (code {code}):\n{string.Join('\n', lines.TakeLast(40))}");
    }

    private static string[] FilterOf(TestChoice choice) => choice.Expression.Length > 0 ? ["--filter", choice.Expression] : [];

    // Null: none. Where the filter matches nothing, or is none, there may be a file without results.
    private static TrxResults? ResultsIn(string trx)
    {
        string written = File.Exists(trx) ? File.ReadAllText(trx) : "";
        return written.Contains("<UnitTestResult", StringComparison.Ordinal) ? TrxResults.Read(new StringReader(written)) : null;
    }

    private static bool IsResult(string line) =>
        line.StartsWith("  Passed ", StringComparison.Ordinal) || line.StartsWith("  Failed ", StringComparison.Ordinal)
        || line.StartsWith("  Skipped ", StringComparison.Ordinal);
}
