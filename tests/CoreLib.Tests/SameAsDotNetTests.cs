using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Text;
using Microkernel.CoreLibTests.Checks;
using NUnit.Framework;

namespace Microkernel.CoreLibTests;

/// <summary>The core's library gives the same results as .NET's, and stops the same faults with the same exceptions.</summary>
public sealed class SameAsDotNetTests
{
    private static string Program => Path.Combine(
        TestContext.CurrentContext.TestDirectory.Replace("CoreLib.Tests", "CoreLib.Program"), "corelib-checks");

    [Test]
    public void EveryCheckFindsTheSame()
    {
        var expected = new Lines();
        AllChecks.Run(expected);
        (int code, string output) = Run("");
        Assert.Multiple(() =>
        {
            Assert.That(code, Is.Zero, output);
            Assert.That(output.TrimEnd('\n').Split('\n'), Is.EqualTo(expected.Found));
            Assert.That(expected.Found, Has.Count.GreaterThan(100));
        });
    }

    [Test]
    public void EveryFaultIsStopped([Range(0, Faults.Count - 1)] int number)
    {
        Exception expected = Assert.Catch(() => Faults.Run(number))!;
        (int code, string output) = Run(((char)('a' + number)).ToString());
        Assert.Multiple(() =>
        {
            Assert.That(code, Is.EqualTo(1));
            Assert.That(output.Split(' ')[0], Is.EqualTo(expected.GetType().Name));
        });
    }

    private static (int Code, string Output) Run(string argument)
    {
        using Process process = Process.Start(new ProcessStartInfo(Program, argument) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }

    private sealed class Lines : Report
    {
        public List<string> Found { get; } = [];

        public override void Line(ReadOnlySpan<byte> name, long value) =>
            Found.Add($"{Encoding.UTF8.GetString(name)} {value:x16}");
    }
}
