using System.IO;
using System.Linq;
using Mk.Testing;
using NUnit.Framework;

namespace Mk.Tests;

public sealed class TestingTests
{
    private static TrxResults Read(string results) =>
        TrxResults.Read(new StringReader($"<TestRun xmlns=\"http://microsoft.com/schemas/VisualStudio/TeamTest/2010\">{results}</TestRun>"));

    [Test]
    public void CountsWhatPassedAndKeepsTheWordsOfWhatFailed()
    {
        TrxResults results = Read(
            """
            <Results>
              <UnitTestResult testName="A" outcome="Passed" />
              <UnitTestResult testName="B" outcome="Failed"><Output><StdOut>log</StdOut><ErrorInfo><Message>why</Message><StackTrace>where</StackTrace></ErrorInfo></Output></UnitTestResult>
              <UnitTestResult testName="C" outcome="NotExecuted" />
            </Results>
            """);
        Assert.That(results.Passed, Is.EqualTo(1));
        Assert.That(results.Failures, Is.EqualTo(new TestFailure[] { new("B", "Failed", "why\nwhere\nlog"), new("C", "NotExecuted", "") }));
    }

    [Test]
    public void AFileWithoutResultsIsNoSuccess() => Assert.That(static () => Read(""), Throws.TypeOf<InvalidDataException>());

    [Test]
    public void AllTestProjectsAreFoundAndTheSystemTestsComeLast()
    {
        var projects = TestProject.FindAll();
        Assert.That(projects.Select(static p => p.Path), Does.Contain("tests/Mk.Tests/Mk.Tests.csproj"));
        Assert.That(projects[^1].Path, Is.EqualTo("tests/System/System.Tests.csproj"));
        Assert.That(projects.Count(static p => p.BootsMachines), Is.EqualTo(1));
    }
}
