using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;
using NUnit.Framework.Interfaces;

namespace Mk.SystemTests;

/// <summary>The serial logs of one test: kept under out/test-logs, printed when it fails.</summary>
public sealed class Logs
{
    private const int LinesShown = 80;

    private readonly List<string> _files = [];

    /// <summary>A new log file, named after the running test.</summary>
    public string New()
    {
        string name = Regex.Replace(TestContext.CurrentContext.Test.FullName.Replace("Mk.SystemTests.", ""), "[^A-Za-z0-9.-]+", "_").Trim('_');
        string number = _files.Count == 0 ? "" : $".{_files.Count + 1}";
        _files.Add(Repository.InRoot($"out/test-logs/{name}{number}.log"));
        return _files[^1];
    }

    /// <summary>Prints the ends of the logs if the running test has failed.</summary>
    public void ShowIfFailed()
    {
        if (TestContext.CurrentContext.Result.Outcome.Status != TestStatus.Failed)
            return;
        foreach (string file in _files.Where(File.Exists))
        {
            TestContext.Out.WriteLine($"--- the last lines of {file}");
            foreach (string line in File.ReadLines(file).TakeLast(LinesShown))
                TestContext.Out.WriteLine(line);
        }
    }
}
