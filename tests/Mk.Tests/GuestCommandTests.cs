using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Grpc.Core;
using Mk.Control;
using NUnit.Framework;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Tests;

/// <summary>Every command to a running system: what it prints, its JSON, its exit code, and what it says when it fails.</summary>
public sealed class GuestCommandTests : CommandFixture
{
    [Test]
    public async Task ListHasXlsColumns()
    {
        Guest("web");
        Guest("db", Api.GuestState.Blocked);
        Guest("old", Api.GuestState.Crashed, "triple fault");
        Assert.That(await Ok("list"), Is.EqualTo(
            "Name                                        ID   Mem VCPUs\tState\tTime(s)\n"
            + "web                                          6   512     2     r-----       1.5\n"
            + "db                                           7   512     2     -b----       1.5\n"
            + "old                                          8   512     2     ---sc-       1.5\n"));
        Assert.That(await Ok("list", "7"), Does.Contain("db ").And.Not.Contain("web"));
        Assert.That(await Ok("list", "-v", "old"), Does.Contain("5f5f3f6a-0c2d-4e7b-9a51-d2f7c7a4a001").And.Contain("triple fault"));
    }

    [Test]
    public async Task ListSaysEverythingInJson()
    {
        Guest("web");
        JsonElement guest = (await OkJson("list"))[0];
        Assert.That(guest.GetProperty("name").GetString(), Is.EqualTo("web"));
        Assert.That(guest.GetProperty("domain").GetInt32(), Is.EqualTo(6));
        Assert.That(guest.GetProperty("state").GetString(), Is.EqualTo("running"));
        Assert.That(guest.GetProperty("memory_bytes").GetInt64(), Is.EqualTo(512 << 20));
        Assert.That(guest.GetProperty("cpu_seconds").GetDouble(), Is.EqualTo(1.5));
        Assert.That(guest.GetProperty("vcpus").GetArrayLength(), Is.EqualTo(4));
        Assert.That(await Ok("list", "-l"), Is.EqualTo(await Ok("list", "--json")));
    }

    [Test]
    public async Task AnEmptyListIsAHeadOrAnEmptyArray()
    {
        Assert.That((await Ok("list")).Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(1));
        Assert.That((await OkJson("list")).GetArrayLength(), Is.Zero);
    }

    [Test]
    public async Task InfoShowsTheHost()
    {
        string text = await Ok("info");
        Assert.That(text, Does.Contain("nr_cpus                : 2\n").And.Contain("total_memory           : 3072\n")
            .And.Contain("free_memory            : 2048\n").And.Contain("cpu_mhz                : 2445.404\n").And.Contain("hvm-3.0-x86_64"));
        Assert.That((await OkJson("info")).GetProperty("free_bytes").GetInt64(), Is.EqualTo(2L << 30));
    }

    [Test]
    public async Task PauseAndUnpauseByNameAndNumber()
    {
        Api.GuestInfo guest = Guest("web");
        Assert.That(await Ok("pause", "web"), Is.Empty);
        Assert.That(guest.State, Is.EqualTo(Api.GuestState.Paused));
        await Ok("unpause", "6");
        Assert.That(guest.State, Is.EqualTo(Api.GuestState.Running));
    }

    [TestCase("pause", "nobody")]
    [TestCase("unpause", "nobody")]
    [TestCase("destroy", "nobody")]
    [TestCase("shutdown", "nobody")]
    [TestCase("reboot", "99")]
    [TestCase("console", "nobody")]
    [TestCase("list", "nobody")]
    [TestCase("vcpu-list", "nobody")]
    [TestCase("uptime", "nobody")]
    public Task AGuestThatIsNotThereIsNamed(string command, string guest) => Refused(ExitCode.Usage, $"there is no guest '{guest}'", command, guest);

    [Test]
    public async Task ShutdownEndsGuestsAndWaitsIfAsked()
    {
        Guest("web");
        Guest("db");
        Guest("kept", Api.GuestState.ShutDown);
        await Ok("shutdown", "-w", "web");
        Assert.That(Fake.Guests.Select(static g => g.Name), Is.EqualTo(new[] { "db", "kept" }));
        await Ok("shutdown", "-a", "-w");
        Assert.That(Fake.Guests.Select(static g => g.Name), Is.EqualTo(new[] { "kept" }));
    }

    [Test]
    public async Task AGuestThatDoesNotEndInTimeIsCode4AndTheOthersEnd()
    {
        Guest("web");
        Fake.GuestsListen = false;
        (int code, _, string errors) = await MkCommand.RunAsync("shutdown", "-w", "--timeout", "0.3", "web");
        Assert.That((ExitCode)code, Is.EqualTo(ExitCode.TimeLimit));
        Assert.That(errors, Does.Contain("web: no answer in time"));
    }

    [Test]
    public async Task ShutdownWantsGuestsOrAll()
    {
        await Refused(ExitCode.Usage, "name guests, or all of them with -a", "shutdown");
        await Refused(ExitCode.Usage, "name guests, or all of them with -a", "shutdown", "-a", "web");
    }

    [Test]
    public async Task RebootAsksAndTheGuestStays()
    {
        Guest("web");
        await Ok("reboot", "web");
        Assert.That(Fake.Guests, Has.Count.EqualTo(1));
        Assert.That(Fake.Calls, Has.Member("Shutdown"));
    }

    [Test]
    public async Task ARefusalIsCode1WithTheSystemsWords()
    {
        Guest("web");
        Fail("Shutdown", StatusCode.FailedPrecondition, "'web' is paused and cannot hear the request");
        (int code, _, string errors) = await MkCommand.RunAsync("shutdown", "web");
        Assert.That((ExitCode)code, Is.EqualTo(ExitCode.Usage));
        Assert.That(errors, Does.Contain("'web' is paused and cannot hear the request"));
    }

    [Test]
    public async Task DestroyAndRename()
    {
        Guest("web");
        await Ok("rename", "web", "www");
        Assert.That(Fake.Guests.Single().Name, Is.EqualTo("www"));
        await Ok("destroy", "www");
        Assert.That(Fake.Guests, Is.Empty);
    }

    [TestCase("mem-set", "256", 256L << 20, 1L << 30)]
    [TestCase("mem-set", "256m", 256L << 20, 1L << 30)]
    [TestCase("mem-set", "262144K", 256L << 20, 1L << 30)]
    [TestCase("mem-max", "2g", 512L << 20, 2L << 30)]
    public async Task MemoryIsInMiBOrWithAUnit(string command, string size, long target, long maximum)
    {
        Api.GuestInfo guest = Guest("web");
        JsonElement answer = await OkJson(command, "web", size);
        Assert.That(((long)guest.MemoryBytes, (long)guest.MaximumMemoryBytes), Is.EqualTo((target, maximum)));
        Assert.That(answer.GetProperty("target_bytes").GetInt64(), Is.EqualTo(target));
    }

    [TestCase("0")]
    [TestCase("x")]
    [TestCase("12q")]
    [TestCase("1b")]
    [TestCase("-5")]
    [TestCase("99999999999999999999")]
    [TestCase("99999999999t")]
    public Task WhatIsNoSizeIsRefused(string size) => Refused(ExitCode.Usage, "is no size of memory", "mem-set", "web", "--", size);

    [Test]
    public async Task VcpuListHasXlsColumns()
    {
        Guest("web");
        string[] lines = (await Ok("vcpu-list")).Split('\n');
        Assert.That(lines[0], Is.EqualTo("Name                                ID  VCPU   CPU State   Time(s) Affinity (Hard / Soft)"));
        Assert.That(lines[1], Is.EqualTo("web                                  6     0     0   r--       0.8  all / all"));
        Assert.That(lines[3], Is.EqualTo("web                                  6     2     -   --p       0.8  all / all"));
        Assert.That((await OkJson("vcpu-list", "web"))[0].GetProperty("vcpus")[1].GetProperty("cpu").GetInt32(), Is.EqualTo(1));
    }

    [Test]
    public async Task VcpuSetChangesHowManyAreOnline()
    {
        Api.GuestInfo guest = Guest("web");
        await Ok("vcpu-set", "web", "4");
        Assert.That(guest.Vcpus.Count(static v => v.IsOnline), Is.EqualTo(4));
        await Refused(ExitCode.Usage, "", "vcpu-set", "web", "many");
    }

    [Test]
    public async Task UptimeOfHostAndGuests()
    {
        Guest("web");
        Assert.That(await Ok("uptime"), Is.EqualTo(
            "Name                                ID Uptime\n(host)                               0  0:01:40\nweb                                  6  1:02:03\n"));
        Assert.That(await Ok("uptime", "-s", "web"), Does.Match(@"^ \d\d:\d\d:\d\d up 1:02:03, web \(6\)\n$"));
        Assert.That((await OkJson("uptime"))[1].GetProperty("uptime_seconds").GetDouble(), Is.EqualTo(3723));
    }

    [Test]
    public async Task DmesgComesInPartsAndCanBeCleared()
    {
        Assert.That(await Ok("dmesg"), Is.EqualTo("(core) one\n(core) two\n"));
        Assert.That((await OkJson("dmesg", "-c")).GetProperty("lines").GetArrayLength(), Is.EqualTo(2));
        Assert.That(await Ok("dmesg"), Is.Empty);
    }

    [Test]
    public async Task AnAuditIsRepeatedWhileDomainsAreBuiltAndFailsWithCode2()
    {
        Fail("Audit", StatusCode.Unavailable, "busy", times: 2);
        await Ok("audit");
        Assert.That((await OkJson("audit")).GetProperty("free_bytes").GetInt64(), Is.EqualTo(5 << 20));
        Fake.Violations = 1;
        await Refused(ExitCode.GuestCrashed, "do not agree", "audit");
    }

    [Test]
    public async Task ServicesAreListedRestartedAndKilled()
    {
        await Ok("service", "restart", "xenstore");
        await Ok("service", "kill", "qemu-dm");
        string[] lines = (await Ok("service", "list")).Split('\n');
        Assert.That(lines[2], Does.StartWith("xenstore").And.Contain("    96 serving          1"));
        Assert.That(lines[4], Does.StartWith("qemu-dm").And.EndWith("killed by the operator"));
        Assert.That((await OkJson("service", "list")).GetArrayLength(), Is.EqualTo(5));
        await Refused(ExitCode.Usage, "there is no service 'nobody'", "service", "kill", "nobody");
    }

    [Test]
    public async Task ServiceLogIsTheDaemonsFile()
    {
        File.WriteAllText(SystemFolder.LogOf("xenstore"), "1.000 info serving\n");
        (int code, string output, _) = await MkCommand.RunProcessAsync("", "service", "log", "xenstore");
        Assert.That((code, output), Is.EqualTo((0, "1.000 info serving\n")));
        await Refused(ExitCode.NoSystem, "no system has been started", "service", "log", "memory");
    }

    [Test]
    public async Task TopPrintsOneTableWithoutATerminal()
    {
        Guest("web");
        string text = await Ok("top", "-i", "2", "-b", "-d", "0.1");
        Assert.That(text, Does.Contain("1 guests: 1 running").And.Contain("MAXMEM(k)").And.Contain("524288"));
        Assert.That(text.Split('\n').Count(static l => l.Contains("web")), Is.EqualTo(2));
    }

    [Test]
    public async Task AServiceThatIsBeingRestartedIsWaitedFor()
    {
        Guest("web");
        Fail("List", StatusCode.Unavailable, "xenstore is being restarted", times: 3);
        Assert.That(await Ok("list"), Does.Contain("web"));
    }

    [Test]
    public Task ASystemThatDoesNotAnswerIsCode6()
    {
        Fail("Destroy", StatusCode.Unavailable, "no connection to toolstack");
        return Refused(ExitCode.NoSystem, "the system does not answer: no connection to toolstack", "destroy", "web");
    }

    [TestCase("list")]
    [TestCase("create", "/nowhere.cfg")]
    public async Task WithoutASystemTheWayOutIsSaid(params string[] arguments)
    {
        SystemState.Delete();
        (int code, _, string errors) = await MkCommand.RunAsync(arguments);
        Assert.That((ExitCode)code, Is.EqualTo(arguments[0] == "list" ? ExitCode.NoSystem : ExitCode.Usage));
        Assert.That(errors, Does.Contain(arguments[0] == "list" ? "no system is running; start it with: mk up" : "/nowhere.cfg: cannot be read"));
    }

    [Test]
    public Task ADaemonThatDiedIsTold()
    {
        new SystemState(new ProcessIdentity(Environment.ProcessId, 1), null, Folder).Write();
        return Refused(ExitCode.NoSystem, "the system's daemon is gone", "list");
    }

    [Test]
    public Task ADamagedStateIsTold()
    {
        File.WriteAllText(SystemFolder.State, "{");
        return Refused(ExitCode.NoSystem, "is damaged", "list");
    }
}
