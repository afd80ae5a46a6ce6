using System;
using System.Diagnostics;
using System.IO;
using NUnit.Framework;

namespace Microkernel.Rings.Tests;

/// <summary>The models in Model/, all of their states, checked by spin; and variants with a mistake, which spin must find.</summary>
public sealed class ProtocolModelTests
{
    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("ring-model-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void AQueueHasNoErrorAndNoPartOfItIsUnused()
    {
        string output = Check("ring");
        Assert.That(output, Does.Contain("errors: 0"));
        Assert.That(output, Does.Not.Contain("max search depth too small"));
        Assert.That(output, Does.Match(@"unreached in proctype Writer\s+\(0 of").And.Match(@"unreached in proctype Reader\s+\(0 of"));
    }

    [TestCase("NO_READER_RECHECK", "invalid end state")]
    [TestCase("NO_WRITER_RECHECK", "invalid end state")]
    [TestCase("NO_READER_FENCE", "invalid end state")]
    [TestCase("NO_WRITER_FENCE", "invalid end state")]
    [TestCase("EARLY_RELEASE", "assertion violated")]
    [TestCase("STATE_AFTER_TAIL", "assertion violated")]
    public void AMistakeInAQueueIsFound(string mistake, string error) =>
        Assert.That(Check("ring", "-D" + mistake), Does.Contain("errors: 1").And.Contain(error));

    [Test]
    public void TheRendezvousHasNoErrorAndNoPartOfItIsUnused()
    {
        string output = Check("rendezvous");
        Assert.That(output, Does.Contain("errors: 0"));
        Assert.That(output, Does.Not.Contain("max search depth too small"));
        // The end of a process that has none.
        Assert.That(output, Does.Match(@"unreached in proctype Side\s+\S+ state \d+, ""-end-""\s+\(1 of"));
    }

    [TestCase("NO_ZERO", "assertion violated")]
    [TestCase("NO_RAISE", "assertion violated")]
    [TestCase("NO_WAIT", "assertion violated")]
    [TestCase("NO_RING", "invalid end state")]
    [TestCase("CONNECT_ONCE", "invalid end state")]
    public void AMistakeInTheRendezvousIsFound(string mistake, string error) =>
        Assert.That(Check("rendezvous", "-D" + mistake), Does.Contain("errors: 1").And.Contain(error));

    private string Check(string name, string define = "")
    {
        string model = Path.Combine(AppContext.BaseDirectory, "Model", name + ".pml");
        Run("spin", $"-a {define} \"{model}\"");
        Run("gcc", "-O1 -DSAFETY -DCOLLAPSE -DVECTORSZ=2048 -o pan pan.c");
        return Run(Path.Combine(_folder, "pan"), "-m100000");
    }

    private string Run(string program, string arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = _folder, RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, output);
        return output;
    }
}
