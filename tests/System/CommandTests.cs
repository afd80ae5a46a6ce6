using System.IO;
using System.Linq;
using System.Threading.Tasks;
using NUnit.Framework;

namespace Mk.SystemTests;

/// <summary>The command as the operator uses it, with the core alone: what it refuses, what it prints, and its exit codes.</summary>
public sealed class CommandTests : SystemTest
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mk-test").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task AGuestsConsoleIsTheOutputAndItsPowerOffTheExitCode0()
    {
        (int code, string output, string errors) = await Mk("run", "--bare", Config("crash64", "how=poweroff"), "--timeout", "60");
        Assert.That(code, Is.EqualTo((int)ExitCode.Success), errors);
        Assert.That(output, Does.Not.Contain("(core)"));
        Assert.That(errors, Does.Contain("(core) ").And.Contain("mk: crash64: poweroff"));
    }

    [Test]
    public async Task ACrashIsCode2WithItsReason()
    {
        (int code, _, string errors) = await Mk("run", "--bare", Config("crash64", "how=crash"), "--timeout", "60", "--quiet");
        Assert.That(code, Is.EqualTo((int)ExitCode.GuestCrashed), errors);
        Assert.That(errors, Does.Contain("crash64: crash"));
    }

    [Test]
    public async Task APanicOfTheCoreIsCode3()
    {
        (int code, _, string errors) = await Mk("run", "--bare", Config("version64", ""), "--timeout", "60", "--core-option", "selftest=divide");
        Assert.That(code, Is.EqualTo((int)ExitCode.CorePanicked), errors);
        Assert.That(errors, Does.Contain("PANIC"));
    }

    [Test]
    public async Task TheTimeLimitIsCode4()
    {
        (int code, _, string errors) = await Mk("run", "--bare", Config("spin64", ""), "--timeout", "3");
        Assert.That(code, Is.EqualTo((int)ExitCode.TimeLimit), errors);
    }

    [TestCase("--qemu", "/nowhere/qemu", "/nowhere/qemu")]
    [TestCase("--cpu", "nosuchcpu", "nosuchcpu")]
    public async Task AQemuThatDoesNotRunIsCode5(string flag, string value, string words)
    {
        (int code, _, string errors) = await Mk("run", "--bare", Config("version64", ""), "--timeout", "60", flag, value);
        Assert.That(code, Is.EqualTo((int)ExitCode.QemuFailed), errors);
        Assert.That(errors, Does.Contain(words));
    }

    [Test]
    public async Task WhatCannotBeHadIsRefusedWithLineAndReasonAndNothingIsStarted()
    {
        string file = Path.Combine(_folder, "bad.cfg");
        File.WriteAllText(file, "name = 'a'\ntype = 'hvm'\nkernel = 'k'\nmemory = 64\ndisk = ['x']\nvcpu = 3\n");
        (int code, string output, string errors) = await Mk("run", "--bare", file, Path.Combine(_folder, "missing.cfg"));
        Assert.That(code, Is.EqualTo((int)ExitCode.Usage));
        Assert.That(output, Is.Empty);
        Assert.That(errors, Does.Contain("bad.cfg:2: guests of type \"hvm\" are not supported yet")
            .And.Contain("bad.cfg:5: 'disk' is not supported yet")
            .And.Contain("bad.cfg:6: there is no key 'vcpu'; is 'vcpus' meant?")
            .And.Contain("missing.cfg: cannot be read"));
    }

    [Test]
    public async Task AWrongFlagIsCode1() => Assert.That((await Mk("run", "--bare", "x.cfg", "--nosuchflag")).Code, Is.EqualTo((int)ExitCode.Usage));

    [Test]
    public async Task LinesOfSeveralGuestsCarryTheirNames()
    {
        (int code, string output, string errors) = await Mk(
            "run", "--bare", Config("version64", "domid=1", "one"), Config("version32", "domid=2", "two"), "--timeout", "90");
        Assert.That(code, Is.EqualTo((int)ExitCode.Success), errors);
        string[] lines = output.Split('\n', System.StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines, Has.All.StartsWith("[one] ").Or.StartsWith("[two] "));
        Assert.That(lines.Count(static l => l.Contains("guest-test version: ")), Is.EqualTo(2));
    }

    [Test]
    public async Task CountingInstructionsGivesNearlyTheSameRunTwice()
    {
        string config = Config("version64", "domid=1");
        string[] logs = [Path.Combine(_folder, "1.log"), Path.Combine(_folder, "2.log")];
        foreach (string log in logs)
        {
            (int code, _, string errors) = await Mk("run", "--bare", config, "--icount", "0", "--cpus", "1", "--timeout", "90", "--log", log);
            Assert.That(code, Is.EqualTo((int)ExitCode.Success), errors);
        }

        // Not to the last instruction: the host's clock and the serial line's other end are not counted.
        const string mark = "(core) boot: instructions ";
        double[] counts = [.. logs.Select(static log => File.ReadLines(log).Single(static l => l.Contains(mark)))
            .Select(static l => double.Parse(l.Split(mark)[1].Split(',')[0], System.Globalization.CultureInfo.InvariantCulture))];
        Assert.That(counts[1], Is.EqualTo(counts[0]).Within(2).Percent);
    }

    private string Config(string image, string extra, string? name = null)
    {
        string file = Path.Combine(_folder, (name ?? image) + ".cfg");
        File.WriteAllText(file, $"name = '{name ?? image}'\ntype = 'pvh'\nkernel = '{TestGuests.PathOf(image + ".elf")}'\nmemory = 64\nextra = '{extra}'\n");
        return file;
    }

    private static Task<(int Code, string Output, string Errors)> Mk(params string[] arguments) =>
        Task.Run(() => Tool.RunAny("dotnet", [typeof(ExitCode).Assembly.Location, .. arguments]));
}
