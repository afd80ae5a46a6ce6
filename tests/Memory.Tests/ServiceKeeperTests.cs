using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Core.Domains;
using Microkernel.Protos.Health;
using Microkernel.Protos.Supervisor;
using Microkernel.Rpc.Local;
using Microkernel.Services.Memory.Building;
using Microkernel.Services.Memory.Core;
using Microkernel.Services.Memory.Supervision;
using NUnit.Framework;

namespace Microkernel.Services.Memory.Tests;

/// <summary>The supervisor over the model of the core, with services that answer or do not.</summary>
[TestFixture]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ServiceKeeperTests
{
    private const string Manifest = """
        domain memory
          kernel k
          memory 2M
        service store
          kernel k
          ramdisk r
          memory 4M
          on_poweroff destroy
          on_crash restart
        service other
          kernel k
          memory 4M
          on_poweroff restart
          on_crash preserve

        """;

    private readonly FakeHypervisor _hypervisor = new();
    private readonly FakeHealth _health = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<ServiceKeeper> _keepers = [];
    private readonly SupervisorService _supervisor;
    private readonly LocalRing _ring;
    private Task _running = Task.CompletedTask;
    private string _ownEnd = "";

    public ServiceKeeperTests()
    {
        _ring = new LocalRing(services => Health.BindService(services, _health));
        var memory = new ServiceEntry(1, new DomainConfig { Name = [.. "memory"u8], MemoryFrames = 256 }, new BootFile(1, "k", 1), null);
        var own = new OwnService(memory, 4, TimeProvider.System, why => _ownEnd = "stopped: " + why, () => _ownEnd = "crashed", why => _ownEnd = "panics: " + why);
        _supervisor = new SupervisorService(own, _keepers, TimeProvider.System, static _ => { });
        _hypervisor.AddFile("manifest", Encoding.ASCII.GetBytes(Manifest));
        _hypervisor.AddFile("k", KernelImages.BzImage());
        _hypervisor.AddFile("r", KernelImages.Pattern(5000, 1));
    }

    [SetUp]
    public void Start()
    {
        var options = new SupervisorOptions
        {
            StartPeriod = TimeSpan.FromMilliseconds(5),
            CheckPeriod = TimeSpan.FromMilliseconds(20),
            SilenceLimit = TimeSpan.FromMilliseconds(200),
            StopLimit = TimeSpan.FromMilliseconds(50),
            FirstWait = TimeSpan.FromMilliseconds(10),
            LongestWait = TimeSpan.FromMinutes(1),
        };
        foreach (ServiceEntry entry in ServiceManifest.ReadServices(_hypervisor))
            _keepers.Add(new ServiceKeeper(_hypervisor, entry, _ring.Invoker, options, TimeProvider.System, static _ => { }));
        _running = _supervisor.RunAsync(_stop.Token);
        WaitFor(2, ServiceState.Serving);
        WaitFor(3, ServiceState.Serving);
    }

    [TearDown]
    public async Task End()
    {
        await _stop.CancelAsync();
        await _running;
        _ring.Dispose();
        _stop.Dispose();
    }

    [Test]
    public void TheManifestNamesTheBackEnds()
    {
        Assert.That(ServiceManifest.FindEntry(_hypervisor, "other"), Is.EqualTo(3));
        Assert.That(ServiceManifest.FindEntry(_hypervisor, "qemu-dm"), Is.Zero);
    }

    [Test]
    public async Task TheMemoryServiceIsOneOfThemAndEndsWhenTheOperatorWantsIt()
    {
        ListResponse list = await _supervisor.List(new ListRequest(), new FakeContext());
        Assert.That(list.Services.Select(static s => s.Domain), Is.EqualTo(new uint[] { 1, 2, 3 }));
        Assert.That((list.Services[0].Name, list.Services[0].State, list.Services[0].Restarts), Is.EqualTo(("memory", ServiceState.Serving, 4u)));
        RpcException e = (await Assert.ThrowsAsync<RpcException>(() => _supervisor.Restart(new RestartRequest { Name = "memory" }, new FakeContext())))!;
        Assert.That(e.StatusCode, Is.EqualTo(StatusCode.Unavailable));
        Eventually(() => _ownEnd == "stopped: restarted by the operator");
        await _supervisor.Kill(new KillRequest { Name = "memory" }, new FakeContext());
        Eventually(() => _ownEnd == "crashed");
        await _supervisor.Kill(new KillRequest { Name = "memory", ByPanic = true }, new FakeContext());
        Eventually(() => _ownEnd == "panics: killed by the operator");
    }

    [Test]
    public void ServicesAreBuiltFromTheManifestAndStarted()
    {
        FakeDomain store = _hypervisor.Domains[2];
        Assert.That((store.IsSealed, store.HasCoreConsole, store.Pages.Count), Is.EqualTo((true, true, (4 << 8) + 3)));
        Assert.That(store.Grants, Is.Empty);
        Assert.That(_hypervisor.Domains.Keys, Is.EquivalentTo(new uint[] { 2, 3 }));
    }

    [Test]
    public void ACrashIsFollowedByARestartAndKeptAsTheReason()
    {
        ulong generation = Info(2).DomainGeneration;
        _hypervisor.End(2, 3);
        _supervisor.Wake();
        Eventually(() => Info(2) is { State: ServiceState.Serving, Restarts: 1, LastEnd: "crashed" } info && info.DomainGeneration != generation);
    }

    [Test]
    public async Task AServiceThatIsToStayEndedDoesWhateverHappensElsewhereUntilTheOperatorWantsIt()
    {
        _hypervisor.End(2, 0);
        _supervisor.Wake();
        WaitFor(2, ServiceState.Ended);
        Assert.That(_hypervisor.Domains.ContainsKey(2), Is.False);
        _supervisor.Wake();
        await Task.Delay(100);
        Assert.That(Info(2).State, Is.EqualTo(ServiceState.Ended));
        Assert.That(Info(2).LastEnd, Is.EqualTo("powered off"));
        await _supervisor.Restart(new RestartRequest { Name = "store" }, new FakeContext());
        Assert.That(Info(2).State, Is.EqualTo(ServiceState.Serving));
    }

    [Test]
    public void ACrashThatIsToBePreservedLeavesTheDomain()
    {
        _hypervisor.End(3, 3);
        _supervisor.Wake();
        WaitFor(3, ServiceState.Ended);
        Assert.That(_hypervisor.Domains.ContainsKey(3), Is.True);
    }

    [Test]
    public async Task TheOperatorKillsAndRestarts()
    {
        await _supervisor.Kill(new KillRequest { Name = "store" }, new FakeContext());
        Eventually(() => Info(2) is { State: ServiceState.Serving, Restarts: 1, LastEnd: "killed by the operator" });
        await _supervisor.Restart(new RestartRequest { Name = "store" }, new FakeContext());
        Assert.That(Info(2), Has.Property("State").EqualTo(ServiceState.Serving).And.Property("Restarts").EqualTo(2));
        Assert.That(_health.Stops, Is.EqualTo(1));
        RpcException e = (await Assert.ThrowsAsync<RpcException>(() => _supervisor.Restart(new RestartRequest { Name = "stor" }, new FakeContext())))!;
        Assert.That(e.Status.Detail, Does.Contain("store, other"));
    }

    // With waits that double the last ones would be longer than Eventually is patient.
    [Test]
    public async Task HoweverOftenTheOperatorKillsItIsBackAtOnce()
    {
        for (uint kills = 1; kills <= 13; kills++)
        {
            await _supervisor.Kill(new KillRequest { Name = "store" }, new FakeContext());
            Eventually(() => Info(2) is { State: ServiceState.Serving } info && info.Restarts == kills);
        }
    }

    [Test]
    public async Task AServiceIsAskedToPanicAndIfItDoesNotAnswerTheOperatorIsToldWhatToDo()
    {
        await _supervisor.Kill(new KillRequest { Name = "store", ByPanic = true }, new FakeContext());
        Assert.That(_health.Panics, Is.EqualTo(1));
        Assert.That(Info(2), Has.Property("State").EqualTo(ServiceState.Serving).And.Property("Restarts").EqualTo(0), "the end is the kernel's to make");
        _ring.Dispose();
        RpcException e = (await Assert.ThrowsAsync<RpcException>(() => _supervisor.Kill(new KillRequest { Name = "store", ByPanic = true }, new FakeContext())))!;
        Assert.That(e.Status.Detail, Does.StartWith("store cannot be asked to panic").And.EndWith("kill it without --panic"));
    }

    [Test]
    public void ASilentServiceIsEndedAndStartedAgain()
    {
        _health.IsSilent = true;
        Eventually(() => Info(2).State == ServiceState.Silent || Info(2).Restarts > 0);
        Eventually(() => Info(2).LastEnd.Contains("silent", StringComparison.Ordinal));
        _health.IsSilent = false;
        WaitFor(2, ServiceState.Serving);
    }

    [Test]
    public void ACoreThatRefusesIsAskedAgain()
    {
        _hypervisor.Fault = static name => name is "ListDomains" or "Create" or "Destroy" ? FakeHypervisor.OtherError : 0;
        Eventually(() => Info(2).LastEnd.Contains("the core refused", StringComparison.Ordinal));
        _hypervisor.Fault = static _ => 0;
        WaitFor(2, ServiceState.Serving);
    }

    [Test]
    public async Task AfterTheSupervisorsOwnRestartServicesRunOn()
    {
        await _stop.CancelAsync();
        await _running;
        byte[][] before = [.. _hypervisor.Domains.Values.Select(static d => d.Handle)];
        using var stop = new CancellationTokenSource();
        ServiceEntry entry = ServiceManifest.ReadServices(_hypervisor)[0];
        var again = new ServiceKeeper(_hypervisor, entry, _ring.Invoker, new SupervisorOptions(), TimeProvider.System, static _ => { });
        Task running = again.RunAsync(stop.Token);
        Eventually(() => again.IsServing);
        Assert.That(again.Describe().DomainGeneration, Is.EqualTo(DomainHandle.Of(_hypervisor.Domains[2].Handle).Generation));
        Assert.That(_hypervisor.Domains.Values.Select(static d => d.Handle), Is.EqualTo(before));
        await stop.CancelAsync();
        await running;
    }

    private static void Eventually(Func<bool> condition) => Assert.That(condition, Is.True.After(20_000, 10));

    private void WaitFor(uint domain, ServiceState state) => Eventually(() => Info(domain).State == state);

    private ServiceInfo Info(uint domain) => _keepers.Select(static k => k.Describe()).Single(s => s.Domain == domain);
}
