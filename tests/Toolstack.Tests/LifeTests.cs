using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Google.Protobuf;
using Grpc.Core;
using Microkernel.Protos.Memory;
using Microkernel.Protos.Toolstack;
using Microkernel.Protos.Xenstore;
using Microkernel.Services.Toolstack.Core;
using Microkernel.Services.Toolstack.Tests.Fakes;
using NUnit.Framework;
using ListRequest = Microkernel.Protos.Toolstack.ListRequest;
using ListResponse = Microkernel.Protos.Toolstack.ListResponse;

namespace Microkernel.Services.Toolstack.Tests;

/// <summary>Guests come, are changed, and go.</summary>
public sealed class LifeTests
{
    private TestSystem _system = null!;

    [SetUp]
    public void Start() => _system = new TestSystem();

    [TearDown]
    public void Stop() => _system.Dispose();

    [Test]
    public void AGuestIsBuiltAndRuns()
    {
        List<CreateProgress> steps = _system.CreateAsync(_system.Config()).GetAwaiter().GetResult();
        FakeDomain domain = _system.AssertRuns();
        Assert.That(steps[^1].Domain, Is.EqualTo(domain.Id));
        Assert.That(steps.Select(static s => s.Percent), Is.Ordered);
        Assert.That(steps.Select(static s => s.Step), Does.Contain("loading the kernel").And.Contain("loading the ramdisk"));
        Assert.That(domain.Claim.CommandLine, Is.EqualTo("console=hvc0"));
        Assert.That(domain.Claim.Format, Is.EqualTo(KernelFormat.Bzimage));
        Assert.That(_system.Scheduler.Parameters[domain.Id].Weight, Is.EqualTo(512));
        Assert.That(_system.Consoles.Connected[domain.Id].RemotePort, Is.EqualTo(2));
    }

    [Test]
    public void ItsNodesAreWhereXensToolsPutThem()
    {
        uint domain = _system.Create(_system.Config());
        string home = $"/local/domain/{domain}";
        Assert.That(_system.Store.Text($"{home}/domid"), Is.EqualTo($"{domain}"));
        Assert.That(_system.Store.Text($"{home}/memory/target"), Is.EqualTo("65536"));
        Assert.That(_system.Store.Text($"{home}/memory/static-max"), Is.EqualTo("131072"));
        Assert.That(_system.Store.Text($"{home}/cpu/0/availability"), Is.EqualTo("online"));
        Assert.That(_system.Store.Text($"{home}/cpu/1/availability"), Is.EqualTo("offline"));
        Assert.That(_system.Store.Text($"{home}/console/port"), Is.EqualTo("2"));
        string vm = _system.Store.Text($"{home}/vm")!;
        Assert.That(_system.Store.Text($"{vm}/name"), Is.EqualTo("guest"));
        Assert.That(Access($"{home}"), Is.EqualTo((5u, $"{domain}:Read")));
        Assert.That(Access($"{home}/control"), Is.EqualTo((5u, $"{domain}:Read")));
        Assert.That(Access($"{home}/control/shutdown"), Is.EqualTo((domain, "")));
        Assert.That(Access($"{home}/data"), Is.EqualTo((domain, "")));
        Assert.That(Access(_system.Store.Nodes.Keys.Single(static k => k.StartsWith("/tool/", StringComparison.Ordinal))), Is.EqualTo((5u, "")));
    }

    [Test]
    public void APausedGuestWaits()
    {
        uint domain = _system.Create(_system.Config(), isPaused: true);
        Assert.That(_system.Machine.Find(domain).HasRun, Is.False);
        Assert.That(_system.Info().State, Is.EqualTo(GuestState.Paused));
        _system.Client.Unpause(new UnpauseRequest { Guest = TestSystem.ByName() });
        _system.AssertRuns();
        _system.Client.Pause(new PauseRequest { Guest = new Guest { Domain = domain } });
        Assert.That(_system.Info().State, Is.EqualTo(GuestState.Paused));
    }

    [Test]
    public void NamesBelongToOneGuest()
    {
        _system.Create(_system.Config());
        Assert.That(Fails(StatusCode.AlreadyExists, () => _system.Create(_system.Config())), Does.Contain("'guest'"));
        _system.Create(_system.Config("other"));
        Fails(StatusCode.AlreadyExists, () => Rename("other", "guest"));
        Rename("other", "third");
        Assert.That(_system.Store.Text($"/local/domain/{_system.Info("third").Domain}/name"), Is.EqualTo("third"));
        Fails(StatusCode.NotFound, () => _system.Info("other"));
        Rename("guest", "other");
        _system.AssertRuns("other");
        GuestConfig same = _system.Config("fourth");
        same.Uuid = _system.Info("third").Config.Uuid;
        Assert.That(Fails(StatusCode.AlreadyExists, () => _system.Create(same)), Does.Contain("uuid"));
    }

    [Test]
    public void ConfigurationsThatCannotBeLeaveNothing()
    {
        (Action<GuestConfig> Change, string Hint)[] faults =
        [
            (static c => c.Name = "", "name"), (static c => c.Name = "a/b", "name"), (static c => c.Name = "17", "number"),
            (static c => c.Name = new string('x', 64), "63"),
            (static c => c.KernelSha256 = ByteString.Empty, "kernel"), (static c => c.RamdiskSha256 = ByteString.CopyFrom(1), "ramdisk"),
            (static c => c.MemoryBytes = 0, "memory"), (static c => c.MemoryBytes++, "4 KiB"), (static c => c.MaximumMemoryBytes = 4096, "maximum"),
            (static c => c.MemoryBytes = c.MaximumMemoryBytes = 2UL << 40, "1 TiB"),
            (static c => c.Vcpus = 3, "vCPUs"), (static c => c.MaximumVcpus = 129, "128"),
            (static c => c.OnCrash = (EndAction)17, "action"), (static c => c.CpuPool = new string('x', 32), "pool"), (static c => c.CpuPool = "a/b", "pool"), (static c => c.Uuid = ByteString.CopyFrom(1), "uuid"),
            (static c => c.CommandLine = "a\nb", "command line"), (static c => c.CommandLine = new string('x', 2048), "command line"),
            (static c => c.LargestGrantVersion = 3, "version"),
            (static c => c.KernelSha256 = ByteString.CopyFrom(new byte[32]), "upload"),
            (static c => c.KernelSha256 = c.RamdiskSha256, "bzImage"),
        ];
        foreach ((Action<GuestConfig> change, string hint) in faults)
        {
            GuestConfig config = _system.Config();
            change(config);
            RpcException failure = Assert.Throws<RpcException>(() => _system.Create(config))!;
            Assert.That(failure.Status.Detail, Does.Contain(hint));
            Assert.That(failure.StatusCode, Is.EqualTo(StatusCode.InvalidArgument).Or.EqualTo(StatusCode.FailedPrecondition));
        }

        Fails(StatusCode.InvalidArgument, () => _system.Create(null!));
        _system.AssertNothingIsLeft();
    }

    [Test]
    public void AGuestThatDoesNotFitIsRefusedWithWhatThereIs()
    {
        GuestConfig config = _system.Config();
        config.MaximumMemoryBytes = 8UL << 30;
        Assert.That(Fails(StatusCode.ResourceExhausted, () => _system.Create(config)), Does.Contain("free"));
        _system.AssertNothingIsLeft();
    }

    [Test]
    public void DestroyLeavesNothing()
    {
        _system.Create(_system.Config());
        _system.Create(_system.Config("paused"), isPaused: true);
        Destroy("guest");
        Destroy("paused");
        _system.AssertNothingIsLeft();
        Fails(StatusCode.NotFound, () => Destroy("guest"));
        Fails(StatusCode.NotFound, () => _system.Client.Destroy(new Protos.Toolstack.DestroyRequest()));
    }

    [Test]
    public void ABuildThatNobodyWantsAnyMoreLeavesNothing([Values] bool byDestroy)
    {
        using var reached = new ManualResetEventSlim();
        using var cancel = new CancellationTokenSource();
        GuestConfig config = _system.Config();
        _system.Machine.Faults.Plan((_, name) =>
        {
            if (name == "Memory.Load")
            {
                reached.Set();
                Thread.Sleep(50);
            }

            return null;
        });
        Task<List<CreateProgress>> create = _system.CreateAsync(config, cancellation: cancel.Token);
        Assert.That(reached.Wait(TestSystem.Long), Is.True);
        Assert.That(_system.Info().State, Is.EqualTo(GuestState.Building));
        Fails(StatusCode.AlreadyExists, () => _system.Create(config));
        if (byDestroy)
            Destroy("guest");
        else
            cancel.Cancel();
        Assert.That(Assert.Throws<RpcException>(() => create.GetAwaiter().GetResult())!.StatusCode, Is.EqualTo(StatusCode.Cancelled));
        Assert.That(() => _system.Host.Guests.All, Is.Empty.After(5000, 5));
        _system.AssertNothingIsLeft();
    }

    [TestCase(DomainEnd.PowerOff, EndAction.Destroy)]
    [TestCase(DomainEnd.Reboot, EndAction.Destroy)]
    [TestCase(DomainEnd.Crash, EndAction.Destroy)]
    [TestCase(DomainEnd.Watchdog, EndAction.Destroy)]
    [TestCase(DomainEnd.PowerOff, EndAction.Restart)]
    [TestCase(DomainEnd.Reboot, EndAction.Restart)]
    [TestCase(DomainEnd.Crash, EndAction.Restart)]
    [TestCase(DomainEnd.PowerOff, EndAction.Preserve)]
    [TestCase(DomainEnd.Crash, EndAction.Preserve)]
    [TestCase(DomainEnd.Crash, EndAction.RenameRestart)]
    public void WhatFollowsAnEndIsWhatTheConfigurationSays(DomainEnd end, EndAction action)
    {
        GuestConfig config = _system.Config();
        config.OnPoweroff = end == DomainEnd.PowerOff ? action : EndAction.Preserve;
        config.OnReboot = end == DomainEnd.Reboot ? action : EndAction.Preserve;
        config.OnCrash = end is DomainEnd.Crash or DomainEnd.Watchdog ? action : EndAction.Preserve;
        uint domain = _system.Create(config);
        _system.Machine.EndDomain(domain, end);
        switch (action)
        {
            case EndAction.Destroy:
                Assert.That(() => _system.Host.Guests.All, Is.Empty.After(10_000, 5));
                _system.AssertNothingIsLeft();
                break;
            case EndAction.Restart:
                Assert.That(() => _system.Info().Domain > domain && Runs("guest"), Is.True.After(10_000, 5));
                _system.AssertRuns();
                Assert.That(_system.Machine.All(), Has.Count.EqualTo(1));
                break;
            case EndAction.Preserve:
                Assert.That(() => _system.Info().EndDetail, Is.Not.Empty.After(10_000, 5));
                Assert.That(_system.Info().State, Is.EqualTo(end == DomainEnd.Crash ? GuestState.Crashed : GuestState.ShutDown));
                Assert.That(() => _system.Store.ShutDowns.ContainsKey(domain), Is.True.After(10_000, 5), "@releaseDomain tells of it");
                Assert.That(Fails(StatusCode.FailedPrecondition, () => _system.Client.Pause(new PauseRequest { Guest = TestSystem.ByName() })), Does.Contain("kept"));
                break;
            default:
                Assert.That(() => _system.Info().Domain > domain && Runs("guest"), Is.True.After(10_000, 5));
                _system.AssertRuns();
                Assert.That(_system.Info("guest-1").Domain, Is.EqualTo(domain));
                Assert.That(_system.Info("guest-1").State, Is.EqualTo(GuestState.Crashed));
                Destroy("guest-1");
                _system.AssertRuns();
                break;
        }

        if (action == EndAction.Destroy)
            return;
        Destroy("guest");
        _system.AssertNothingIsLeft();
    }

    [Test]
    public void ARestartSurvivesServicesThatFailOnTheWay([Range(0, 40)] int step)
    {
        uint domain = _system.Create(_system.Config());
        _system.Machine.Faults.Plan((n, name) => n == step && !name.StartsWith("Core", StringComparison.Ordinal) ? Faults.Failure(StatusCode.Unavailable) : null);
        _system.Machine.EndDomain(domain, DomainEnd.Reboot);
        Assert.That(() => _system.Info().Domain > domain && Runs("guest"), Is.True.After(10_000, 5), string.Join(", ", _system.Machine.Faults.Steps.ToArray()));
        _system.AssertRuns();
        Assert.That(_system.Machine.All(), Has.Count.EqualTo(1));
    }

    [Test]
    public void ARestartThatCannotBeIsToldOfAndLeavesNothing()
    {
        uint domain = _system.Create(_system.Config());
        using AsyncServerStreamingCall<GuestEvent> events = Listen();
        _system.Machine.Faults.Plan(static (_, name) => name == "Memory.Claim" ? Faults.Failure(StatusCode.ResourceExhausted) : null);
        _system.Machine.EndDomain(domain, DomainEnd.Reboot);
        Assert.That(Next(events).Kind, Is.EqualTo(GuestEventKind.Rebooted));
        Assert.That(Next(events).Kind, Is.EqualTo(GuestEventKind.Failed));
        Assert.That(Next(events).Kind, Is.EqualTo(GuestEventKind.Gone));
        _system.AssertNothingIsLeft();
    }

    [Test]
    public void EventsTellWhatHappens()
    {
        using AsyncServerStreamingCall<GuestEvent> events = Listen();
        uint domain = _system.Create(_system.Config());
        GuestEvent created = Next(events);
        Assert.That((created.Kind, created.Name, created.Domain), Is.EqualTo((GuestEventKind.Created, "guest", domain)));
        _system.Machine.EndDomain(domain, DomainEnd.Crash);
        Assert.That(Next(events).Kind, Is.EqualTo(GuestEventKind.Crashed));
        Assert.That(Next(events).Kind, Is.EqualTo(GuestEventKind.Gone));
        events.Dispose();
        Assert.That(() => _system.Host.Events.Listeners, Is.Zero.After(5000, 5));
    }

    [Test]
    public void ShutdownIsTakenByTheGuestAndWaitedFor([Values] bool isReboot)
    {
        uint domain = _system.Create(_system.Config());
        string asked = "";
        _system.Store.Driver = (_, request) =>
        {
            asked = request;
            Task.Delay(100).ContinueWith(_ => _system.Machine.EndDomain(domain, isReboot ? DomainEnd.Reboot : DomainEnd.PowerOff));
            return "";
        };
        _system.Client.Shutdown(new ShutdownRequest { Guest = TestSystem.ByName(), IsReboot = isReboot, Waits = true }, deadline: DateTime.UtcNow + TestSystem.Long);
        Assert.That(asked, Is.EqualTo(isReboot ? "reboot" : "poweroff"));
        if (isReboot)
            Assert.That(_system.AssertRuns().Id, Is.Not.EqualTo(domain));
        else
            _system.AssertNothingIsLeft();
    }

    [Test]
    public void AGuestThatEndsWithoutTakingTheRequestLeavesNoFailureThatNobodySees()
    {
        var unseen = new ConcurrentQueue<string>();
        void Note(object? sender, UnobservedTaskExceptionEventArgs failure) => unseen.Enqueue(failure.Exception.ToString());
        uint domain = _system.Create(_system.Config());
        _system.Store.Driver = (_, _) =>
        {
            Task.Delay(100).ContinueWith(_ => _system.Machine.EndDomain(domain, DomainEnd.PowerOff));
            return null;
        };
        TaskScheduler.UnobservedTaskException += Note;
        try
        {
            _system.Client.Shutdown(new ShutdownRequest { Guest = TestSystem.ByName(), Waits = true }, deadline: DateTime.UtcNow + TestSystem.Long);
            _system.AssertNothingIsLeft();

            // An unseen failure is told of when its task is collected.
            for (int i = 0; i < 10; i++)
            {
                Thread.Sleep(20);
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= Note;
        }

        Assert.That(unseen.Where(static text => text.Contains("GuestShutdown", StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void AGuestWithoutDriverIsToldOfAndTheRequestIsWithdrawn()
    {
        uint domain = _system.Create(_system.Config());
        Assert.That(Fails(StatusCode.FailedPrecondition, () => _system.Client.Shutdown(new ShutdownRequest { Guest = TestSystem.ByName() })), Does.Contain("driver"));
        Assert.That(_system.Store.Text($"/local/domain/{domain}/control/shutdown"), Is.Empty);
        _system.Client.Pause(new PauseRequest { Guest = TestSystem.ByName() });
        Assert.That(Fails(StatusCode.FailedPrecondition, () => _system.Client.Shutdown(new ShutdownRequest { Guest = TestSystem.ByName() })), Does.Contain("unpause"));
    }

    [Test]
    public void MemoryIsSetWithinBounds()
    {
        uint domain = _system.Create(_system.Config());
        Assert.That(SetMemory(target: 96 << 20).TargetBytes, Is.EqualTo(96UL << 20));
        Assert.That(_system.Store.Text($"/local/domain/{domain}/memory/target"), Is.EqualTo("98304"));
        Assert.That(Fails(StatusCode.InvalidArgument, () => SetMemory(target: 129UL << 20)), Does.Contain("raise"));
        Fails(StatusCode.InvalidArgument, () => SetMemory(target: 4096));
        Fails(StatusCode.InvalidArgument, () => SetMemory(target: (64 << 20) + 1));
        SetMemory(maximum: 256 << 20);
        SetMemory(target: 200UL << 20);
        SetMemory(maximum: 32 << 20);
        Assert.That(_system.Machine.Find(domain).Target, Is.EqualTo(32UL << 20));
        Assert.That(_system.Store.Text($"/local/domain/{domain}/memory/static-max"), Is.EqualTo("32768"));
    }

    [Test]
    public void VcpusAreSetWithinBounds()
    {
        uint domain = _system.Create(_system.Config());
        _system.Client.SetVcpus(new SetVcpusRequest { Guest = TestSystem.ByName(), Vcpus = 2 });
        Assert.That(_system.Store.Text($"/local/domain/{domain}/cpu/1/availability"), Is.EqualTo("online"));
        Fails(StatusCode.InvalidArgument, () => _system.Client.SetVcpus(new SetVcpusRequest { Guest = TestSystem.ByName(), Vcpus = 3 }));
        Fails(StatusCode.InvalidArgument, () => _system.Client.SetVcpus(new SetVcpusRequest { Guest = TestSystem.ByName() }));
    }

    [Test]
    public void ListsTellWhatTheCoreKnows()
    {
        uint domain = _system.Create(_system.Config());
        _system.Machine.Now += 5_000;
        GuestInfo info = _system.Info();
        Assert.That((info.Domain, info.UptimeNs, info.CpuTimeNs, info.MemoryBytes), Is.EqualTo((domain, 5000UL, 1000UL, 64UL << 20)));
        Assert.That(info.Vcpus.Select(static v => (v.Vcpu, v.IsOnline, v.Affinity.Single())), Is.EqualTo(new[] { (0u, true, 3UL), (1u, false, 3UL) }));
        GetHostResponse host = _system.Client.GetHost(new GetHostRequest());
        Assert.That((host.Cpus, host.Capabilities.Count), Is.EqualTo((2u, 2)));
        ReadLogResponse log = _system.Client.ReadLog(new ReadLogRequest { Clear = true });
        Assert.That(log.Log.ToStringUtf8(), Is.EqualTo("the core's log"));
        Fails(StatusCode.Unavailable, () => _system.Client.Audit(new AuditRequest()));
        Destroy("guest");
        Assert.That(_system.Client.Audit(new AuditRequest()).FreeBytes, Is.EqualTo(40960));
    }

    [Test]
    public void LongListsComeInParts()
    {
        for (int i = 0; i < 40; i++)
        {
            GuestConfig config = _system.Config($"guest{i}");
            config.MaximumMemoryBytes = 0;
            config.CommandLine = new string('x', 2047);
            _system.Create(config);
        }

        List<GuestInfo> all = [];
        for (uint from = 0; ;)
        {
            ListResponse part = _system.Client.List(new ListRequest { FromDomain = from });
            Assert.That(part.CalculateSize(), Is.LessThan(64 << 10));
            all.AddRange(part.Guests);
            if (part.NextDomain == 0)
                break;
            from = part.NextDomain;
        }

        Assert.That(all.Select(static g => g.Name), Is.EqualTo(Enumerable.Range(0, 40).Select(static i => $"guest{i}")));
    }

    [Test]
    public void FilesOfGuestsThatCanRestartStay()
    {
        uint domain = _system.Create(_system.Config());
        for (int i = 0; i < 30; i++)
            _system.Upload([.. Enumerable.Repeat((byte)i, 400_000)]);
        _system.Machine.EndDomain(domain, DomainEnd.Reboot);
        Assert.That(() => _system.Info().Domain > domain && Runs("guest"), Is.True.After(10_000, 5));
    }

    private static string Fails(StatusCode status, Action call)
    {
        RpcException failure = Assert.Throws<RpcException>(call)!;
        Assert.That(failure.StatusCode, Is.EqualTo(status), failure.Status.Detail);
        Assert.That(failure.Status.Detail, Has.Length.LessThan(256));
        return failure.Status.Detail;
    }

    private static GuestEvent Next(AsyncServerStreamingCall<GuestEvent> events)
    {
        Assert.That(events.ResponseStream.MoveNext().Wait(TestSystem.Long), Is.True, "no event comes");
        return events.ResponseStream.Current;
    }

    private AsyncServerStreamingCall<GuestEvent> Listen()
    {
        AsyncServerStreamingCall<GuestEvent> events = _system.Client.Watch(new Protos.Toolstack.WatchRequest());
        Assert.That(Next(events).Kind, Is.EqualTo(GuestEventKind.Watching));
        return events;
    }

    private (uint Owner, string Others) Access(string path)
    {
        PermissionList permissions = _system.Store.Permissions[path];
        Assert.That(permissions.Permissions[0].Access, Is.EqualTo(Protos.Xenstore.Access.None));
        return (permissions.Permissions[0].Domain, string.Join(',', permissions.Permissions.Skip(1).Select(static p => $"{p.Domain}:{p.Access}")));
    }

    private bool Runs(string name) => _system.Host.Guests.All.Any(g => g.Name == name && g.Phase == GuestPhase.Exists);

    private void Destroy(string name) => _system.Client.Destroy(new Protos.Toolstack.DestroyRequest { Guest = TestSystem.ByName(name) });

    private void Rename(string name, string to) => _system.Client.Rename(new RenameRequest { Guest = TestSystem.ByName(name), Name = to });

    private Protos.Toolstack.SetMemoryResponse SetMemory(ulong? target = null, ulong? maximum = null)
    {
        var request = new SetMemoryRequest { Guest = TestSystem.ByName() };
        if (target is { } wanted)
            request.TargetBytes = wanted;
        if (maximum is { } most)
            request.MaximumBytes = most;
        return _system.Client.SetMemory(request);
    }
}
