using System;
using System.Collections.Generic;
using System.Linq;

namespace Mk.Testing;

/// <summary>
/// Failures that come with QEMU 7.2 and 10.0, two or more emulated CPUs and a busy host, most of all with many vCPUs: in a trace, the first
/// fetch behind the end of a VMRUN finds no page, nor can the CPU read the interrupt table, both of which are there a moment later. Then
/// the machine resets itself; when it happens to the guest behind VMRUN, the guest ends with a triple fault. Such a test is run again,
/// and that is said. A fault of the core's own that comes every time is not hidden by this; one that is as rare would be.
/// </summary>
public static class KnownFaults
{
    private const int MostTries = 3;

    private static readonly string[] Signs = ["the machine reset itself without a word from the core", "crash: triple fault"];

    /// <summary>The failure looks like one of QEMU's.</summary>
    public static bool IsOne(TestFailure failure) => Signs.Any(sign => failure.Detail.Contains(sign, StringComparison.Ordinal));

    /// <summary>Runs the tests again that failed that way.</summary>
    /// <param name="project">The project.</param>
    /// <param name="results">The results of its run.</param>
    /// <param name="print">Receives a line for every test that is run again.</param>
    /// <returns>The results with those that passed at last counted as passed.</returns>
    public static TrxResults RunAgain(TestProject project, TrxResults results, Action<string> print)
    {
        List<TestFailure> left = [];
        foreach (TestFailure failure in results.Failures)
        {
            TestFailure? last = failure;
            for (int tries = 0; tries < MostTries && last is not null && IsOne(last); tries++)
            {
                print($"again, after what looks like QEMU's known fault: {failure.Name}");
                last = project.Run(MethodOf(failure), print).Failures.FirstOrDefault(again => again.Name == failure.Name);
            }

            if (last is not null)
                left.Add(last);
        }

        return new TrxResults(results.Passed + results.Failures.Count - left.Count, left);
    }

    private static string MethodOf(TestFailure failure) => failure.Name.Split('(')[0];
}
