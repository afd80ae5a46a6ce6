using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
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
        var projects = TestProject.FindAll(new TestChoice());
        Assert.That(projects.Select(static p => p.Path), Does.Contain("tests/Mk.Tests/Mk.Tests.csproj"));
        Assert.That(projects[^1].Path, Is.EqualTo("tests/System/System.Tests.csproj"));
        Assert.That(projects.Count(static p => p.BootsMachines), Is.EqualTo(1));
    }

    [Test]
    public void BareProjectsAreSomeOfThemAndNoneTestsAService()
    {
        string[] all = [.. TestProject.FindAll(new TestChoice()).Select(static p => p.Name)], bare = [.. TestProject.FindAll(new TestChoice(IsBare: true)).Select(static p => p.Name)];
        Assert.That(bare, Is.SubsetOf(all).And.Length.EqualTo(6));
        Assert.That(Directory.GetDirectories(Repository.InRoot("services")).Select(static d => Path.GetFileName(d).Replace("-", "") + ".tests"), Has.None.Matches<string>(
            name => bare.Contains(name, StringComparer.OrdinalIgnoreCase)));
    }

    [TestCase("Answer(\"vcpu64\")")]
    [TestCase("A&B")]
    public async Task AFilterThatIsNoNameIsRefused(string filter)
    {
        (int code, _, string errors) = await MkCommand.RunAsync("test", "--list", "--filter", filter);
        Assert.That((code, errors.Contains("leave out its arguments", StringComparison.Ordinal)), Is.EqualTo(((int)ExitCode.Usage, true)), errors);
    }

    [TestCase(null, false, "")]
    [TestCase("Fuzz", false, "FullyQualifiedName~Fuzz")]
    [TestCase(null, true, "TestCategory!=Services")]
    [TestCase("Fuzz", true, "FullyQualifiedName~Fuzz&TestCategory!=Services")]
    public void AChoiceIsAnExpressionOfTheTestProgram(string? filter, bool isBare, string expression)
    {
        var choice = new TestChoice(filter, isBare);
        Assert.That(choice.Expression, Is.EqualTo(expression));
    }
}
