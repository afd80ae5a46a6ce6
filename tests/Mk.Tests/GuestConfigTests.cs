using System;
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
            uuid = "5f5f3f6a-0c2d-4e7b-9a51-d2f7c7a4a001"
            cpu_weight = 512
            cap = 0
            cpus = "1-3,^2"
            pool = "rest"
            name = "a.b-c_1"
            type = "pvh"
            kernel = "../k"
            ramdisk = "/abs/r"
            root = "/dev/xvda"
            extra = "quiet x=1"
            memory = 0x200
            maxmem = 1024
            vcpus = "4"
            maxvcpus = 8
            on_poweroff = "preserve"
            on_reboot = "destroy"
            on_crash = 'restart'
            max_grant_version = 2
            """);
        Assert.That(faults, Is.Empty);
        Assert.That(guest, Is.EqualTo(new GuestConfig(
            "a.b-c_1", "/k", "/abs/r", "root=/dev/xvda quiet x=1", 512, 4,
            EndAction.Preserve, EndAction.Destroy, EndAction.Restart, GrantV2: true)
        {
            MaximumMemoryMiB = 1024,
            MaximumVcpus = 8,
            Uuid = new Guid("5f5f3f6a-0c2d-4e7b-9a51-d2f7c7a4a001"),
            CpuWeight = 512,
            CpuCap = 0,
            CpuPin = 0b1010,
            CpuPool = "rest",
        }));
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
    [TestCase("cpus_soft = '0-1'", "'cpus_soft' is not supported yet: no policy prefers CPUs; cpus says which ones a guest may run on")]
    [TestCase("vnuma = []", "'vnuma' is not supported yet: guests see no NUMA nodes yet")]
    [TestCase("cpus = ['1', '2']", "'cpus' for each vCPU by itself is not supported yet: write one set for all of them, such as cpus = \"1,3-5\"")]
    [TestCase("cpus = 'node:0'", "'node:0' is no set of CPUs: write it as \"1,3-5\", \"1-7,^4\" or \"all\"")]
    [TestCase("cpus = 64", "'64' is no set of CPUs: write it as \"1,3-5\", \"1-7,^4\" or \"all\"")]
    [TestCase("pool = ''", "'' is no pool's name: 1 to 31 of letters, digits, '.', '_' and '-'; 'mk sched pools' shows which there are")]
    [TestCase("pool = 'a b'", "'a b' is no pool's name: 1 to 31 of letters, digits, '.', '_' and '-'; 'mk sched pools' shows which there are")]
    [TestCase("pool = ['a']", "'pool' is one value, not a list")]
    [TestCase("vnc = 1", "'vnc' is not supported yet: there are no HVM guests yet")]
    [TestCase("bootloader = 'pygrub'", "'bootloader' is not supported yet: there are no PV guests yet")]
    [TestCase("tsc_mode = 1", "'tsc_mode' is not supported yet: clock modes cannot be chosen: the guest sees the host's TSC and UTC")]
    [TestCase("nestedhvm = 1", "'nestedhvm' is not supported yet: CPUID and MSR policies cannot be chosen yet")]
    [TestCase("max_grant_frames = 64", "'max_grant_frames' is not supported yet: limits per domain cannot be chosen yet")]
    [TestCase("on_watchdog = 'destroy'", "'on_watchdog' is not supported yet: only power-off, reboot and crash have an action of their own")]
    [TestCase("seclabel = 'x'", "'seclabel' is not supported yet: domains have no label yet")]
    [TestCase("gic_version = 'v2'", "'gic_version' is not supported yet: it belongs to Xen on Arm")]
    [TestCase("cpu_weight = 0", "cpu_weight = 0 is out of range (1 to 65535)")]
    [TestCase("cap = -1", "cap = -1 is out of range (0 to 12800)")]
    [TestCase("uuid = '12'", "'12' is no UUID, such as 5f5f3f6a-0c2d-4e7b-9a51-d2f7c7a4a001")]
    [TestCase("uuid = '00000000-0000-0000-0000-000000000000'", "'00000000-0000-0000-0000-000000000000' is no UUID, such as 5f5f3f6a-0c2d-4e7b-9a51-d2f7c7a4a001")]
    [TestCase("name = '12'", "'12' would be taken for a domain's number; add a letter")]
    [TestCase("name = ''", "'' is no domain name: 1 to 63 of letters, digits, '.', '_' and '-'")]
    [TestCase("memory = 0", "memory = 0 is out of range (1 to 1048576)")]
    [TestCase("memory = '1G'", "memory = 1G is not a number")]
    [TestCase("kernel = 'a\\x00b'", "'kernel' names no file")]
    [TestCase("kernel = ['k']", "'kernel' is one value, not a list")]
    [TestCase("type = 'pv'", "guests of type \"pv\" are not supported yet, only \"pvh\"")]
    [TestCase("memmory = 3", "there is no key 'memmory'; is 'memory' meant?")]
    [TestCase("vpcus = 3", "there is no key 'vpcus'; is 'vcpus' meant?")]
    [TestCase("zzzzzz = 3", "there is no key 'zzzzzz'")]
    [TestCase("type = 'hvm'", "guests of type \"hvm\" are not supported yet, only \"pvh\"")]
    [TestCase("type = 'phv'", "there is no guest type \"phv\"; write type = \"pvh\"")]
    [TestCase("maxmem = 32", "maxmem = 32 is less than memory = 64")]
    [TestCase("maxvcpus = 129", "maxvcpus = 129 is out of range (1 to 128)")]
    [TestCase("on_crash = 'coredump-restart'", "on_crash = \"coredump-restart\" is not supported yet, only destroy, restart, rename-restart and preserve")]
    [TestCase("on_crash = 'explode'", "on_crash = \"explode\" is no action; write destroy, restart, rename-restart or preserve")]
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

    [TestCase("vcpus = 4; maxvcpus = 2", "maxvcpus = 2 is less than vcpus = 4")]
    [TestCase("extra = 'x' * 2", "unexpected character '*'")]
    [TestCase("memory + 5", "unexpected character '+'")]
    [TestCase("= 5", "a setting starts with a key, but here is '='")]
    [TestCase("disk = [ 'a', ", "a value is missing, but here is the end of the file")]
    public void RefusesWhatDoesNotFitTogether(string line, string expected) =>
        Assert.That(Read(Good + line).Faults, Has.Some.StartsWith("/cfg/a.cfg:2: ").And.Some.Contains(expected));

    [TestCase("maxmem = 128", "maxmem = 128 is more than memory = 64, which needs the whole system")]
    [TestCase("maxvcpus = 2", "maxvcpus = 2 is more than vcpus = 1, which needs the whole system")]
    [TestCase("cpu_weight = 512", "'cpu_weight' needs the whole system")]
    [TestCase("cap = 50", "'cap' needs the whole system")]
    [TestCase("cpus = 1", "'cpus' needs the whole system")]
    [TestCase("pool = 'rest'", "'pool' needs the whole system")]
    [TestCase("uuid = '5f5f3f6a-0c2d-4e7b-9a51-d2f7c7a4a001'", "'uuid' needs the whole system")]
    [TestCase("on_reboot = 'rename-restart'", "on_reboot = \"rename-restart\" needs the whole system")]
    public void TheCoreAloneCannotGiveEverything(string line, string expected)
    {
        List<Diagnostic> faults = [];
        Assert.That(GuestConfigReader.Read("/cfg/a.cfg", Good + line, [], GuestScope.Core, faults), Is.Null);
        Assert.That(faults.Single().ToString(), Does.StartWith("/cfg/a.cfg:2: " + expected));
        Assert.That(Read(Good + line).Guest, Is.Not.Null);
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
