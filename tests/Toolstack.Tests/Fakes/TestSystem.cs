using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Threading;
using System.Threading.Tasks;
using Google.Protobuf;
using Grpc.Core;
using Microkernel.Protos.Memory;
using Microkernel.Protos.Toolstack;
using Microkernel.Protos.Xenstore;
using Microkernel.Rpc.Local;
using Microkernel.Services.Toolstack.Content;
using NUnit.Framework;
using Api = Microkernel.Protos.Toolstack.Toolstack;
using ConsoleApi = Microkernel.Protos.Console.Console;
using ListRequest = Microkernel.Protos.Toolstack.ListRequest;
using SchedulerApi = Microkernel.Protos.Scheduler.Scheduler;

namespace Microkernel.Services.Toolstack.Tests.Fakes;

/// <summary>A machine with all services in memory, and a toolstack that can be killed and started again.</summary>
internal sealed class TestSystem : IDisposable
{
    internal static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    private readonly List<LocalRing> _rings = [];
    private CancellationTokenSource _stop = new();
    private Task _run = Task.CompletedTask;

    internal TestSystem()
    {
        Memory = new FakeMemory(Machine);
        Store = new FakeStore(Machine.Faults);
        Consoles = new FakeConsoles(Machine.Faults);
        Scheduler = new FakeScheduler(Machine);
        Kernel = Enumerable.Range(0, 600_000).Select(static i => (byte)(i * 7)).ToArray();
        "HdrS"u8.CopyTo(Kernel.AsSpan(0x202));
        Ramdisk = Enumerable.Range(0, 280_000).Select(static i => (byte)(i * 3)).ToArray();
        Start();
    }

    internal FakeMachine Machine { get; } = new();

    internal FakeMemory Memory { get; }

    internal FakeStore Store { get; }

    internal FakeConsoles Consoles { get; }

    internal FakeScheduler Scheduler { get; }

    internal FakeContentMemory Content { get; } = new(4 << 20);

    internal ConcurrentQueue<string> Log { get; } = new();

    internal byte[] Kernel { get; }

    internal byte[] Ramdisk { get; }

    internal FakeCore Core { get; private set; } = null!;

    internal ToolstackHost Host { get; private set; } = null!;

    internal Api.ToolstackClient Client { get; private set; } = null!;

    /// <summary>Ends the toolstack as a crash would: nothing that it does from now on reaches anybody.</summary>
    internal void Kill()
    {
        Core.IsDead = true;
        foreach (LocalRing ring in Enumerable.Reverse(_rings))
            ring.Dispose();
        _rings.Clear();
        _stop.Cancel();
        try
        {
            _run.Wait(Long);
        }
        catch (AggregateException)
        {
        }

        Host.Dispose();
    }

    internal void Start()
    {
        _stop = new CancellationTokenSource();
        Core = new FakeCore(Machine);
        var peers = new Peers(
            new Memory.MemoryClient(Ring(services => Microkernel.Protos.Memory.Memory.BindService(services, Memory))),
            new XenStore.XenStoreClient(Ring(services => XenStore.BindService(services, Store))),
            new ConsoleApi.ConsoleClient(Ring(services => ConsoleApi.BindService(services, Consoles))),
            new SchedulerApi.SchedulerClient(Ring(services => SchedulerApi.BindService(services, Scheduler))));
        var patience = new Patience(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(20), 5);
        Host = new ToolstackHost(Core, peers, new ContentStore(Content, TimeProvider.System), patience, Log.Enqueue, TimeSpan.FromSeconds(0.3));
        Client = new Api.ToolstackClient(Ring(services => Api.BindService(services, Host.Service)));
        _run = Host.RunAsync(_stop.Token);
    }

    /// <summary>Lets the toolstack die at a step of something, and starts it again.</summary>
    /// <returns>The step's name; empty if there are not so many.</returns>
    internal string DieAt(int step, Action action)
    {
        string name = "";
        Machine.Faults.Plan((n, s) =>
        {
            if (n < step)
                return null;
            if (n == step)
                name = s;
            Core.IsDead = true;
            // Whatever this incarnation hears from now on, or nobody: it is dead.
            return Faults.Failure(StatusCode.Unavailable);
        });
        Task<bool> doing = Task.Run(() => Try(action));
        SpinWait.SpinUntil(() => doing.IsCompleted || name.Length > 0, TestSystem.Long);
        Kill();
        doing.Wait(TestSystem.Long);
        Machine.Faults.Plan(null);
        Start();
        return name;
    }

    /// <summary>Waits until the guests have been found again, and everything that follows is done.</summary>
    internal void Settle()
    {
        Assert.That(() => Host.IsReady && Host.Guests.All.All(static g => g.Phase is GuestPhase.Exists or GuestPhase.Preserved), Is.True.After(20_000, 5),
            "the toolstack does not come to rest");
    }

    internal GuestConfig Config(string name = "guest") => new()
    {
        Name = name,
        KernelSha256 = Upload(Kernel),
        RamdiskSha256 = Upload(Ramdisk),
        CommandLine = "console=hvc0",
        MemoryBytes = 64 << 20,
        MaximumMemoryBytes = 128 << 20,
        Vcpus = 1,
        MaximumVcpus = 2,
        CpuWeight = 512,
    };

    internal ByteString Upload(byte[] file)
    {
        var hash = ByteString.CopyFrom(SHA256.HashData(file));
        BeginUploadResponse begun = Client.BeginUpload(new BeginUploadRequest { Sha256 = hash, Size = (ulong)file.Length });
        for (ulong have = begun.Have; have < (ulong)file.Length;)
        {
            have = Client.Upload(new UploadRequest
            {
                Upload = begun.Upload,
                Offset = have,
                Data = ByteString.CopyFrom(file, (int)have, Math.Min(50_000, file.Length - (int)have)),
            }).Have;
        }

        return hash;
    }

    internal uint Create(GuestConfig config, bool isPaused = false, CancellationToken cancellation = default) =>
        CreateAsync(config, isPaused, cancellation).WaitAsync(Long, CancellationToken.None).GetAwaiter().GetResult().Last().Domain;

    internal async Task<List<CreateProgress>> CreateAsync(GuestConfig config, bool isPaused = false, CancellationToken cancellation = default)
    {
        using AsyncServerStreamingCall<CreateProgress> call =
            Client.Create(new CreateRequest { Config = config, IsPaused = isPaused }, cancellationToken: cancellation);
        List<CreateProgress> steps = [];
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
            steps.Add(call.ResponseStream.Current);
        return steps;
    }

    internal GuestInfo Info(string name = "guest") => Client.List(new ListRequest { Guests = { ByName(name) } }).Guests.Single();

    internal static Guest ByName(string name = "guest") => new() { Name = name };

    /// <summary>Whether a call succeeds.</summary>
    internal static bool Try(Action call)
    {
        try
        {
            call();
            return true;
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Nothing of any guest is anywhere.</summary>
    internal void AssertNothingIsLeft(string context = "")
    {
        Assert.Multiple(() =>
        {
            Assert.That(Machine.All(), Is.Empty, $"domains {context}");
            Assert.That(Memory.Free, Is.EqualTo(4UL << 30), $"memory {context}");
            Assert.That(Store.Nodes.Keys, Is.Empty, $"nodes {context}");
            Assert.That(Store.Introduced, Is.Empty, $"connections of xenstore {context}");
            Assert.That(Consoles.Connected, Is.Empty, $"consoles {context}");
            Assert.That(Host.Guests.All, Is.Empty, $"guests {context}");
        });
    }

    /// <summary>A guest is there as a whole and runs.</summary>
    internal FakeDomain AssertRuns(string name = "guest", string context = "")
    {
        GuestInfo info = Info(name);
        FakeDomain domain = Machine.Find(info.Domain);
        Assert.Multiple(() =>
        {
            Assert.That(info.State, Is.EqualTo(GuestState.Blocked), context);
            Assert.That((domain.IsSealed, domain.IsPaused), Is.EqualTo((true, false)), context);
            Assert.That(domain.Images[Image.Kernel], Is.EqualTo(Kernel), context);
            Assert.That(domain.Images[Image.Ramdisk], Is.EqualTo(Ramdisk), context);
            Assert.That(Store.Text($"/local/domain/{info.Domain}/name"), Is.EqualTo(name), context);
            Assert.That(Store.Introduced, Does.Contain(info.Domain), context);
            Assert.That(Consoles.Connected.Keys, Does.Contain(info.Domain), context);
        });
        return domain;
    }

    public void Dispose() => Kill();

    private CallInvoker Ring(Action<Microkernel.Rpc.RpcServices> bind)
    {
        var ring = new LocalRing(bind);
        _rings.Add(ring);
        return ring.Invoker;
    }
}
