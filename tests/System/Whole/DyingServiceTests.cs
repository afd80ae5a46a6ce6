using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading.Tasks;
using Grpc.Core;
using Mk.Boot;
using Mk.Machine;
using Mk.Testing;
using NUnit.Framework;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.SystemTests.Whole;

/// <summary>Services die while two guests compute and check themselves: these notice nothing, and the service comes back as it was.</summary>
[Category(TestChoice.ServicesCategory)]
[Parallelizable(ParallelScope.Self)]
public sealed class DyingServiceTests : SystemTest
{
    private static readonly TimeSpan BuildGoesOn = TimeSpan.FromMilliseconds(500);
    private static readonly string[] s_names = ["one", "two"];
    private static readonly Dictionary<string, Shell> s_shells = [];
    private static WholeSystem s_system = null!;

    [OneTimeSetUp]
    public static async Task Start()
    {
        s_system = await WholeSystem.StartAsync(new Logs().New(), 1536);
        foreach (string name in s_names)
        {
            s_shells[name] = await (await s_system.CreateAsync(Linux(name: name, vcpus: 1, ramdisk: StressLoad.Ramdisk))).OpenShellAsync();
            await StressLoad.StartAsync(s_shells[name]);
        }
    }

    [OneTimeTearDown]
    public static async Task Stop() => await s_system.DisposeAsync();

    [TearDown]
    public async Task TheGuestsHaveNoticedNothing()
    {
        foreach (string name in s_names)
            await StressLoad.CheckAsync(s_shells[name], name);
    }

    [Test]
    public async Task AKilledServiceIsBackAsItWas(
        [ValueSource(typeof(SystemManifest), nameof(SystemManifest.Services))] string service, [Values] bool byPanic)
    {
        Dictionary<string, Api.GuestInfo> before = await s_system.ListAsync();
        uint restarts = (await s_system.ListServicesAsync())[service].Restarts;
        var clock = Stopwatch.StartNew();
        await s_system.KillAsync(service, byPanic);
        await s_system.AnswersAgainAsync(service, restarts);
        await TestContext.Out.WriteLineAsync($"{service} answered again after {clock.Elapsed.TotalSeconds:0.0} s");
        if (byPanic)
            Assert.That(s_system.TextOf(service), Does.Contain("Kernel panic - not syncing: Attempted to kill init!"));
        Dictionary<string, Api.GuestInfo> after = await s_system.ListAsync();
        Assert.That(after.Values.Select(Describe), Is.EqualTo(before.Values.Select(Describe)));
        Assert.That(await s_shells["one"].RunAsync("echo $((6 * 7))"), Is.EqualTo("42\n"), "its console");
        // Everything that has a part in a guest's life still does its part.
        // Preserved: it ends sooner than its console can be attached to.
        GuestConfig brief = TestGuest("crash64", "how=poweroff", "third", vcpus: 1, memoryMiB: 32) with { OnPoweroff = EndAction.Preserve };
        await (await s_system.CreateAsync(brief)).ReadAsync("crash: by poweroff");
        await s_system.DestroyAsync("third");
        await s_system.AuditAsync();

        static string Describe(Api.GuestInfo g) => $"{g.Name} {g.Domain} {g.DomainGeneration} {g.MemoryBytes} {g.Vcpus.Count} {g.Config}";
    }

    [Test]
    public async Task AServiceThatDiesDuringABuildLeavesTheWholeGuestOrNothing(
        [ValueSource(typeof(SystemManifest), nameof(SystemManifest.Services))] string service)
    {
        ulong free = await s_system.AuditAsync();
        uint restarts = (await s_system.ListServicesAsync())[service].Restarts;
        Task<SystemGuest> creation = s_system.CreateAsync(Linux(name: "third", memoryMiB: 128, vcpus: 1));
        await Task.Delay(BuildGoesOn);
        await s_system.KillAsync(service);
        try
        {
            await (await creation).OpenShellAsync();
            await TestContext.Out.WriteLineAsync("the guest was built");
            await s_system.DestroyAsync("third");
        }
        catch (RpcException e)
        {
            await TestContext.Out.WriteLineAsync($"the guest was not built: {e.Status.Detail}");
        }
        await s_system.AnswersAgainAsync(service, restarts);
        // A toolstack that dies cannot say what has become of the guest: it is removed, or else it is whole.
        await s_system.WaitUntilAsync(
            async () => !(await s_system.ListAsync()).TryGetValue("third", out Api.GuestInfo? g)
                || g.State is not (Api.GuestState.Building or Api.GuestState.Dying),
            "the guest is whole or gone");
        if ((await s_system.ListAsync()).TryGetValue("third", out Api.GuestInfo? left))
        {
            await s_system.Find("third", left.Domain).OpenShellAsync();
            await s_system.DestroyAsync("third");
        }
        Assert.That(await s_system.AuditAsync(), Is.EqualTo(free));
    }
}
