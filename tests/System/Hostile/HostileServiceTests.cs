using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Mk.Boot;
using Mk.Images;
using Mk.Machine;
using Mk.SystemTests.Whole;
using Mk.Testing;
using NUnit.Framework;
using SchedulerApi = Microkernel.Protos.Scheduler;
using SupervisorApi = Microkernel.Protos.Supervisor;

namespace Mk.SystemTests.Hostile;

/// <summary>
/// Services that have gone bad (tests/HostileService) among real ones: everything that they try is refused, the log says so, who dies or
/// hangs is started again, and nobody else notices.
/// </summary>
[Category(TestChoice.ServicesCategory)]
public sealed class HostileServiceTests : SystemTest
{
    private const int Memory = 0, XenStore = 1, Scheduler = 2, QemuDm = 3, Toolstack = 4;
    private const string Image = "hostile-service.img";

    [Test]
    public async Task AHostileToolstackAndAHostileDeviceModelGetNothingAndHurtNobody()
    {
        BootSet set = WithHostile("toolstack", "qemu-dm");
        MachineOptions options = Host(300, 2, []) with { MemoryMiB = SystemImages.MemoryMiB + 256, CoreOptions = ["audit=on"] };
        await using Session session = Session.Start(options, set, SystemManifest.Services, Logs.New());
        await session.ReadAsync(session.Guest(Toolstack), "afterwards: .* attempts refused, [0-9]+ FAILED");
        string toolstack = session.Guest(Toolstack).ToString(), console = session.Guest(QemuDm).ToString(), memory = session.Guest(Memory).ToString();
        CheckAttempts(toolstack, least: 200);
        CheckAttempts(console, least: 50);

        // Who was sent garbage says so; who dies or hangs is started again.
        Assert.That(session.Guest(Scheduler).ToString(), Does.Contain("the connection to toolstack ended: "));
        Assert.That(memory, Does.Contain("toolstack ended: crashed; started again"));
        Assert.That(memory, Does.Contain("qemu-dm is silent").And.Contain("qemu-dm ended: it was silent for 15 s; started again"));
        Assert.That(toolstack, Does.Contain("error crash: ").And.Contain("the hostile toolstack has done its worst"));

        // The real services had one life each, and the core's books are right after every end.
        foreach (int service in new[] { Memory, XenStore, Scheduler })
            Assert.That(Regex.Count(session.Guest(service).ToString(), " info serving"), Is.EqualTo(1), SystemManifest.Services[service]);
        Assert.That(session.Core.ToString().Split('\n').Where(static line => line.Contains("audit:")), Is.Not.Empty.And.All.Contain("clean"));
    }

    [Test]
    public async Task AHostileMemoryServiceCannotReadAGuestThatHasRun()
    {
        GuestConfig hostile = new("memory", Ensured(ServiceKernel.FileName), Ensured(Image), ServiceImage.CommandLine + " memory", 96, 1)
        {
            ServiceLines = ["privilege build info events"],
        };
        await using Session session = Boot(180, 2, hostile, Linux(vcpus: 1));
        await session.ReadAsync(session.Guest(1), "This is a shell in memory");
        await session.ReadAsync(session.Guest(0), "memory: .* attempts refused, [0-9]+ FAILED");
        CheckAttempts(session.Guest(0).ToString(), least: 80);
        await session.TypeAsync(1, "echo alive-$((6 * 7))\n");
        await session.ReadAsync(session.Guest(1), "alive-42");
    }

    [Test]
    public async Task AHostileSchedulerHurtsNobodyAndItsSilenceLeavesContextsAsTheyAre()
    {
        await using WholeSystem system = await WholeSystem.StartAsync(Logs.New(), 768, others: WithHostile("scheduler"));
        List<Shell> shells = [];
        foreach (string name in new[] { "one", "two" })
            shells.Add(await (await system.CreateAsync(Linux(name: name, vcpus: 1))).OpenShellAsync());
        foreach (Shell shell in shells)
            await shell.RunAsync("(while :; do :; done) & true");
        await system.Services.Scheduler.SetPolicyAsync(new SchedulerApi.SetPolicyRequest { Policy = "hostile" }, system.Services.Long);
        await Says("silence: .* attempts refused, [0-9]+ FAILED");
        await AllGuestsAnswer();
        await Says("afterwards: .* attempts refused, [0-9]+ FAILED");
        CheckAttempts(system.TextOf("scheduler"), least: 300);
        Assert.That(system.TextOf("scheduler"), Does.Contain("holds: contexts are as they were left"));
        Assert.That(system.TextOf("memory"), Does.Contain("scheduler is silent").And.Contain("scheduler ended: it was silent for 15 s; started again"));
        Assert.That(system.TextOf("toolstack"), Does.Contain("the connection to scheduler ended: "));
        await AllGuestsAnswer();
        await system.AuditAsync();
        foreach ((string name, SupervisorApi.ServiceInfo service) in await system.ListServicesAsync())
            Assert.That(service.Restarts, Is.EqualTo(name == "scheduler" ? 1 : 0), name);

        async Task AllGuestsAnswer()
        {
            foreach (Shell shell in shells)
                Assert.That(await shell.RunAsync("kill -0 $! && echo $((6 * 7))"), Is.EqualTo("42\n"));
        }

        Task Says(string pattern) => system.WaitUntilAsync(() => Task.FromResult(Regex.IsMatch(system.TextOf("scheduler"), pattern)), $"the scheduler says {pattern}");
    }

    private static void CheckAttempts(string output, int least)
    {
        Assert.That(output.Split('\n').Where(static line => line.Contains("FAIL ")), Is.Empty);
        Assert.That(Regex.Count(output, " info refused: "), Is.AtLeast(least));
        Assert.That(output, Does.Match("attempts refused, 0 FAILED"));
    }

    /// <summary>The whole system with the hostile program in the place of some services, told which it is; the toolstack has kept memory.</summary>
    private static BootSet WithHostile(params string[] services)
    {
        BootSet real = SystemManifest.Set(ImageStore.PathOf);
        string manifest = real.Manifest;
        foreach (string service in services)
        {
            string ramdisk = "ramdisk " + SystemManifest.ImageOf(service), line = "cmdline " + ServiceImage.CommandLine;
            int entry = manifest.IndexOf(ramdisk, StringComparison.Ordinal);
            string mine = manifest[entry..].Replace(ramdisk, "ramdisk " + Image, StringComparison.Ordinal);
            int at = mine.IndexOf(line, StringComparison.Ordinal) + line.Length;
            manifest = manifest[..entry] + mine.Insert(at, " " + service);
        }

        // The toolstack is the manifest's last.
        if (services.Contains("toolstack"))
            manifest = manifest.TrimEnd() + "\n  kept 16K\n";
        IEnumerable<BootModule> kept = real.Modules.Where(m => !services.Contains(m.Name.Replace(".img", "", StringComparison.Ordinal)));
        BootModule[] modules = [.. kept, new BootModule(Image, ImageStore.PathOf(Image))];
        foreach (BootModule module in modules)
            Ensured(module.Name);
        return new BootSet(manifest, modules);
    }

    private static string Ensured(string image)
    {
        string path = ImageStore.PathOf(image);
        ImageStore.Ensure(path);
        return path;
    }
}
