using System.Collections.Generic;
using System.Linq;
using FsCheck;
using FsCheck.Fluent;
using Mk.Boot;
using Mk.Xl;
using NUnit.Framework;

namespace Mk.Tests;

public sealed class GuestConfigTests
{
    private const string Good = "name='a'; type='pvh'; kernel='k'; memory=64\n";

    private static (GuestConfig? Guest, string[] Faults) Read(string text)
    {
        List<Diagnostic> faults = [];
        GuestConfig? guest = GuestConfigReader.Read("/cfg/a.cfg", text, faults);
        return (guest, [.. faults.Select(static f => f.ToString())]);
    }

    [Test]
    public void ReadsEveryKeyThatIsSupported()
    {
        (GuestConfig? guest, string[] faults) = Read(
            """
            name = "a.b-c_1"
            type = "pvh"
            kernel = "../k"
            ramdisk = "/abs/r"
            root = "/dev/xvda"
            extra = "quiet x=1"
            memory = 0x200
            maxmem = 512
            vcpus = "4"
            maxvcpus = 4
            on_poweroff = "preserve"
            on_reboot = "destroy"
            on_crash = 'restart'
            max_grant_version = 2
            """);
        Assert.That(faults, Is.Empty);
        Assert.That(guest, Is.EqualTo(new GuestConfig(
            "a.b-c_1", "/k", "/abs/r", "root=/dev/xvda quiet x=1", 512, 4,
            EndAction.Preserve, EndAction.Destroy, EndAction.Restart, GrantV2: true)));
    }

    [Test]
    public void DefaultsAreThoseOfXl() =>
        Assert.That(Read(Good).Guest, Is.EqualTo(new GuestConfig(
            "a", "/cfg/k", null, "", 64, 1, EndAction.Destroy, EndAction.Restart, EndAction.Destroy, GrantV2: false)));

    [Test]
    public void CmdlineTakesTheWholeCommandLine() =>
        Assert.That(Read(Good + "root='r'; extra='e'; cmdline='only this'").Guest!.CommandLine, Is.EqualTo("only this"));

    [TestCase("disk = ['file:x,xvda,w']", "'disk' is not supported yet: guests have no devices yet, only a console")]
    [TestCase("vif = ['']", "'vif' is not supported yet: guests have no devices yet, only a console")]
    [TestCase("cpu_weight = 512", "'cpu_weight' is not supported yet: scheduling parameters are not there yet: all vCPUs share the CPUs equally")]
    [TestCase("memmory = 3", "there is no key 'memmory'; is 'memory' meant?")]
    [TestCase("vpcus = 3", "there is no key 'vpcus'; is 'vcpus' meant?")]
    [TestCase("zzzzzz = 3", "there is no key 'zzzzzz'")]
    [TestCase("type = 'hvm'", "guests of type \"hvm\" are not supported yet, only \"pvh\"")]
    [TestCase("type = 'phv'", "there is no guest type \"phv\"; write type = \"pvh\"")]
    [TestCase("maxmem = 128", "maxmem = 128 differs from memory = 64, which is not supported yet")]
    [TestCase("maxvcpus = 2", "maxvcpus = 2 differs from vcpus = 1, which is not supported yet")]
    [TestCase("on_crash = 'coredump-restart'", "on_crash = \"coredump-restart\" is not supported yet, only destroy, restart and preserve")]
    [TestCase("on_crash = 'explode'", "on_crash = \"explode\" is no action; write destroy, restart or preserve")]
    [TestCase("max_grant_version = 3", "max_grant_version = 3 is out of range (1 to 2)")]
    [TestCase("vcpus = 0", "vcpus = 0 is out of range (1 to 128)")]
    [TestCase("vcpus = -1", "vcpus = -1 is out of range (1 to 128)")]
    [TestCase("vcpus = 'two'", "vcpus = two is not a number")]
    [TestCase("vcpus = 09", "vcpus = 09 is not a number")]
    [TestCase("vcpus = [1]", "'vcpus' is one value, not a list")]
    [TestCase("name = 'a b'", "'a b' is no domain name: 1 to 63 of letters, digits, '.', '_' and '-'")]
    [TestCase("extra = 'a\\nb'", "the command line has control characters")]
    [TestCase("ramdisk = ''", "'ramdisk' names no file")]
    public void RefusesWhatItCannotGive(string line, string expected)
    {
        (GuestConfig? guest, string[] faults) = Read(Good + line);
        Assert.That(faults, Is.EqualTo(new[] { "/cfg/a.cfg:2: " + expected }));
        Assert.That(guest, Is.Null);
    }

    [Test]
    public void AMissingTypeSuggestsPvh() =>
        Assert.That(Read("name='a'; kernel='k'; memory=64").Faults.Single(), Does.Contain("write type = \"pvh\""));

    [Test]
    public void BuilderIsRefusedWithTheNewWord() =>
        Assert.That(Read("builder='hvm'; name='a'; kernel='k'; memory=64").Faults.Single(), Does.Contain("write type = \"pvh\""));

    [Test]
    public void AllFaultsAreReportedInTheOrderOfLines()
    {
        string[] faults = Read("vif=[]\nvcpus='x'\ndisk=[]\nname=").Faults;
        Assert.That(faults.Select(static f => f.Split('/', ' ')[2]), Is.EqualTo(new[]
        {
            "a.cfg:", "a.cfg:", "a.cfg:", "a.cfg:", "a.cfg:1:", "a.cfg:2:", "a.cfg:3:", "a.cfg:4:",
        }));
        Assert.That(faults.Take(4), Has.All.Contain("is missing"));
    }

    [FsCheck.NUnit.Property(MaxTest = 1000)]
    public Property NoFileMakesTheReaderThrowAndAGuestIsAlwaysWritable()
    {
        Gen<string> key = Gen.Elements(XlKeys.Supported.Append("disk").Append("nmae").ToArray());
        Gen<string> value = Gen.Elements("'a'", "1", "''", "'pvh'", "[]", "['x']", "0x40", "'restart'", "99999999999999999999", "-5", "'a\\x00'", "x");
        Gen<string> line = key.SelectMany(k => value.Select(v => $"{k} = {v}\n"));
        return Prop.ForAll(Arb.From(Gen.ListOf(line).Select(static lines => Good + string.Concat(lines))), static text =>
        {
            List<Diagnostic> faults = [];
            GuestConfig? guest = GuestConfigReader.Read("/cfg/a.cfg", text, faults);
            return guest is null ? faults.Count > 0 : BootSet.For([guest]).Manifest.Contains("domain " + guest.Name);
        });
    }

    [TestCase("memory", "memroy", 1)]
    [TestCase("vcpus", "vcpu", 1)]
    [TestCase("kernel", "colonel", 4)]
    [TestCase("", "abc", 3)]
    public void DistanceCountsEditsAndSwaps(string a, string b, int expected) =>
        Assert.That(SpellingHint.Distance(a, b), Is.EqualTo(expected));
}
