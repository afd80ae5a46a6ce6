using System;
using System.Linq;
using System.Threading.Tasks;
using Grpc.Core;
using Mk.Boot;
using Mk.Machine;
using Mk.Testing;
using NUnit.Framework;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.SystemTests.Whole;

/// <summary>Guests of the whole system come, are changed, and go.</summary>
[Category(TestChoice.ServicesCategory)]
[Parallelizable(ParallelScope.Self)]
public sealed class GuestLifeTests : SystemTest
{
    private const int Cycles = 100;
    private static WholeSystem s_system = null!;

    [OneTimeSetUp]
    public static async Task Start() => s_system = await WholeSystem.StartAsync(new Logs().New(), 1536);

    [OneTimeTearDown]
    public static async Task Stop() => await s_system.DisposeAsync();

    // One that crashes as soon as it runs, and starts again under its name each time, may have a successor while it is destroyed.
    [TearDown]
    public async Task LeaveNothing()
    {
        while ((await s_system.ListAsync()).Keys.FirstOrDefault() is { } name)
        {
            try
            {
                await s_system.DestroyAsync(name);
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
            {
                // It has another name by now, or has gone by itself.
            }
        }
    }

    [Test]
    public async Task AHundredGuestsComeAndGoAndNothingIsLost()
    {
        ulong free = await s_system.AuditAsync();
        for (int cycle = 0; cycle < Cycles; cycle++)
        {
            await s_system.CreateAsync(Small("spin64", ""));
            await s_system.DestroyAsync("guest");
            Assert.That(await s_system.AuditAsync(), Is.EqualTo(free), $"free memory after cycle {cycle}");
        }
        Assert.That(await s_system.ListAsync(), Is.Empty);
    }

    [Test]
    public async Task EachEndIsFollowedByWhatTheFileSays(
        [Values("poweroff", "reboot", "crash", "watchdog")] string how,
        [Values(EndAction.Destroy, EndAction.Restart, EndAction.Preserve, EndAction.RenameRestart)] EndAction action)
    {
        GuestConfig config = Small("crash64", "how=" + how);
        config = how switch
        {
            "poweroff" => config with { OnPoweroff = action, OnReboot = EndAction.Destroy, OnCrash = EndAction.Destroy },
            "reboot" => config with { OnPoweroff = EndAction.Destroy, OnReboot = action, OnCrash = EndAction.Destroy },
            _ => config with { OnPoweroff = EndAction.Destroy, OnReboot = EndAction.Destroy, OnCrash = action },
        };
        uint domain = (await s_system.CreateAsync(config)).Domain;
        switch (action)
        {
            case EndAction.Destroy:
                await s_system.UntilGoneAsync("guest");
                break;
            case EndAction.Preserve:
                Api.GuestInfo kept = await s_system.UntilAsync("guest", static g => g.EndDetail.Length > 0, "is kept");
                Assert.That(kept.Domain, Is.EqualTo(domain));
                Assert.That(kept.State, Is.EqualTo(how is "poweroff" or "reboot" ? Api.GuestState.ShutDown : Api.GuestState.Crashed));
                break;
            case EndAction.Restart:
                await s_system.UntilAsync("guest", g => g.Domain > domain, "runs again");
                break;
            case EndAction.RenameRestart:
                await s_system.UntilAsync("guest", g => g.Domain > domain, "runs again");
                Assert.That((await s_system.ListAsync()).Values.Single(g => g.Domain == domain).EndDetail, Is.Not.Empty);
                break;
        }
    }

    [Test]
    public async Task ALinuxGuestIsPausedAndRebootedAndShutDown()
    {
        SystemGuest guest = await s_system.CreateAsync(Linux(name: "guest"), isPaused: true);
        await Task.Delay(TimeSpan.FromSeconds(1));
        Assert.That(guest.Text, Is.Empty);
        Assert.That((await s_system.ListAsync())["guest"].State, Is.EqualTo(Api.GuestState.Paused));
        await Unpause();
        Shell shell = await guest.OpenShellAsync();
        await s_system.Services.Toolstack.PauseAsync(new Api.PauseRequest { Guest = guest.Reference }, s_system.Services.Brief);
        ulong used = (await s_system.UntilAsync("guest", static g => g.State == Api.GuestState.Paused, "is paused")).CpuTimeNs;
        await Task.Delay(TimeSpan.FromMilliseconds(500));
        Assert.That((await s_system.ListAsync())["guest"].CpuTimeNs, Is.EqualTo(used));
        await Unpause();
        Assert.That(await shell.RunAsync("nproc"), Is.EqualTo("2\n"));
        await guest.ShutDownAsync(isReboot: true);
        Api.GuestInfo again = await s_system.UntilAsync("guest", g => g.Domain > guest.Domain, "runs again");
        SystemGuest second = s_system.Find("guest", again.Domain);
        Assert.That(await (await second.OpenShellAsync()).RunAsync("nproc"), Is.EqualTo("2\n"));
        await second.ShutDownAsync();
        await s_system.UntilGoneAsync("guest");

        async Task Unpause() => await s_system.Services.Toolstack.UnpauseAsync(
            new Api.UnpauseRequest { Guest = guest.Reference }, s_system.Services.Brief);
    }

    [Test]
    public async Task MemoryAndVcpusChangeWhileAGuestIsUnderLoad()
    {
        const ulong MiB = 1 << 20;
        SystemGuest guest = await s_system.CreateAsync(Linux(name: "guest", memoryMiB: 384));
        Shell shell = await guest.OpenShellAsync();
        await shell.RunAsync("(while dd if=/dev/urandom of=/tmp/a bs=1M count=40 2>/dev/null && cp /tmp/a /tmp/b && cmp /tmp/a /tmp/b; do :; done; echo failed > /tmp/end) & true");
        foreach (ulong size in new ulong[] { 256, 384, 300 })
        {
            await s_system.Services.Toolstack.SetMemoryAsync(
                new Api.SetMemoryRequest { Guest = guest.Reference, TargetBytes = size * MiB }, s_system.Services.Brief);
            await s_system.UntilAsync("guest", g => g.MemoryBytes / MiB == size, $"has {size} MiB");
        }
        foreach (uint vcpus in new uint[] { 1, 2 })
        {
            await s_system.Services.Toolstack.SetVcpusAsync(new Api.SetVcpusRequest { Guest = guest.Reference, Vcpus = vcpus }, s_system.Services.Brief);
            // A vCPU that may come is brought in by the guest's own user space, as on Xen.
            await shell.RunAsync(vcpus == 1 ? "true" : "until echo 1 > /sys/devices/system/cpu/cpu1/online; do sleep 0.2; done 2> /dev/null");
            await s_system.UntilAsync("guest", g => g.Vcpus.Count(static v => v.IsOnline) == vcpus, $"uses {vcpus} vCPUs");
        }
        Assert.That(await shell.RunAsync("[ ! -e /tmp/end ] && nproc"), Is.EqualTo("2\n"), "the load went on");
        Assert.That(await s_system.AuditAsync(), Is.Positive);
    }

    [Test]
    public async Task WhatCannotBeIsRefusedAndNothingIsBuilt()
    {
        await s_system.CreateAsync(Small("spin64", ""));
        ulong free = await s_system.AuditAsync();
        RpcException sameName = await Refused(Small("spin64", ""));
        Assert.That(sameName.StatusCode, Is.EqualTo(StatusCode.AlreadyExists));
        Assert.That(sameName.Status.Detail, Does.Contain("guest"));
        RpcException tooLarge = await Refused(Small("spin64", "") with { Name = "large", MemoryMiB = 8192, MaximumMemoryMiB = 8192 });
        Assert.That(tooLarge.StatusCode, Is.EqualTo(StatusCode.ResourceExhausted));
        RpcException noKernel = await Refused(Small("spin64", "") with { Name = "other", KernelPath = typeof(GuestLifeTests).Assembly.Location });
        Assert.That(noKernel.Status.Detail, Does.Contain("kernel"));
        Assert.That((await s_system.ListAsync()).Keys, Is.EqualTo(new[] { "guest" }));
        Assert.That(await s_system.AuditAsync(), Is.EqualTo(free));
    }

    private static async Task<RpcException> Refused(GuestConfig config) =>
        (await Assert.ThrowsAsync<RpcException>(() => s_system.CreateAsync(config)))!;

    private static GuestConfig Small(string image, string commandLine) => TestGuest(image, commandLine, "guest", vcpus: 1, memoryMiB: 32);
}
