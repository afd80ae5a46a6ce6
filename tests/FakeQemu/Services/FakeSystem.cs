using System.Collections.Generic;
using System.Linq;
using System.Threading.Channels;
using Grpc.Core;
using Microkernel.Rpc;
using Api = Microkernel.Protos.Toolstack;
using ConsoleApi = Microkernel.Protos.Console;
using HealthApi = Microkernel.Protos.Health;
using SchedulerApi = Microkernel.Protos.Scheduler;
using StoreApi = Microkernel.Protos.Xenstore;
using SupervisorApi = Microkernel.Protos.Supervisor;

namespace FakeQemu.Services;

/// <summary>A system that has guests and services in name only. What it is asked to do it does at once.</summary>
public sealed class FakeSystem
{
    /// <summary>The first guest's domain.</summary>
    public const uint FirstGuest = 6;

    private uint _lastDomain = FirstGuest - 1;

    /// <summary>For everything here.</summary>
    public object Lock { get; } = new();

    /// <summary>The guests.</summary>
    public List<Api.GuestInfo> Guests { get; } = [];

    /// <summary>The services.</summary>
    public List<SupervisorApi.ServiceInfo> Services { get; } =
        [.. Mk.Boot.SystemManifest.Services.Select(static (name, i) => new SupervisorApi.ServiceInfo
        {
            Name = name, Domain = (uint)i + 1, State = SupervisorApi.ServiceState.Serving, MemoryBytes = 96 << 20, UptimeNs = 61_000_000_000,
        })];

    /// <summary>The core's log.</summary>
    public string Log { get; set; } = "(core) one\n(core) two\n";

    /// <summary>What an audit finds.</summary>
    public ulong Violations { get; set; }

    /// <summary>What calls fail with, by method; once for each entry.</summary>
    public Dictionary<string, Queue<Status>> Failures { get; } = [];

    /// <summary>The methods that were called, in order.</summary>
    public List<string> Calls { get; } = [];

    /// <summary>Whether guests do what shutdown requests ask.</summary>
    public bool GuestsListen { get; set; } = true;

    /// <summary>The uploaded files.</summary>
    public Dictionary<string, byte[]> Files { get; } = [];

    /// <summary>What each guest's console has printed.</summary>
    public Dictionary<uint, string> Consoles { get; } = [];

    /// <summary>What was typed.</summary>
    public string Typed { get; set; } = "";

    /// <summary>Who listens to events.</summary>
    public List<ChannelWriter<Api.GuestEvent>> Listeners { get; } = [];

    /// <summary>The weights that were set.</summary>
    public Dictionary<uint, SchedulerApi.DomainParameters> Parameters { get; } = [];

    /// <summary>All services, for a ring.</summary>
    public RpcServices Bind()
    {
        var services = new RpcServices();
        Api.Toolstack.BindService(services, new FakeToolstack(this));
        ConsoleApi.Console.BindService(services, new FakeConsole(this));
        SchedulerApi.Scheduler.BindService(services, new FakeScheduler(this));
        SupervisorApi.Supervisor.BindService(services, new FakeSupervisor(this));
        StoreApi.XenStore.BindService(services, new FakeStore(this));
        HealthApi.Health.BindService(services, new FakeHealth());
        return services;
    }

    /// <summary>Adds a running guest.</summary>
    public Api.GuestInfo Add(Api.GuestConfig config, Api.GuestState state)
    {
        lock (Lock)
        {
            var guest = new Api.GuestInfo
            {
                Name = config.Name,
                Domain = ++_lastDomain,
                DomainGeneration = 1,
                State = state,
                Config = config,
                MemoryBytes = config.MemoryBytes,
                MaximumMemoryBytes = config.MaximumMemoryBytes,
                CpuTimeNs = 1_500_000_000,
                UptimeNs = 3_723_000_000_000,
            };
            for (uint i = 0; i < config.MaximumVcpus; i++)
                guest.Vcpus.Add(new Api.VcpuInfo { Vcpu = i, Cpu = i, IsOnline = i < config.Vcpus, IsRunning = i == 0, CpuTimeNs = 750_000_000 });
            Guests.Add(guest);
            return guest;
        }
    }

    /// <summary>A guest ends as it would by itself: keys that name an end bring it.</summary>
    public void End(uint domain, Api.GuestEventKind how)
    {
        lock (Lock)
        {
            Api.GuestInfo guest = Find(new Api.Guest { Domain = domain });
            Guests.Remove(guest);
            Tell(guest, how);
            if (how == Api.GuestEventKind.Rebooted)
                Tell(Add(guest.Config, Api.GuestState.Running), Api.GuestEventKind.Created);
            else
                Tell(guest, Api.GuestEventKind.Gone);
        }
    }

    private void Tell(Api.GuestInfo guest, Api.GuestEventKind kind)
    {
        foreach (ChannelWriter<Api.GuestEvent> listener in Listeners)
            listener.TryWrite(new Api.GuestEvent { Name = guest.Name, Domain = guest.Domain, Kind = kind, Detail = "by itself" });
    }

    /// <summary>Takes note of a call, and fails it if the test wants that.</summary>
    public void Enter(ServerCallContext context)
    {
        lock (Lock)
        {
            string method = context.Method.Split('/')[^1];
            Calls.Add(method);
            if (Failures.TryGetValue(method, out Queue<Status>? failures) && failures.TryDequeue(out Status status))
                throw new RpcException(status);
        }
    }

    /// <summary>The guest that is meant.</summary>
    public Api.GuestInfo Find(Api.Guest guest)
    {
        lock (Lock)
        {
            return Guests.Find(g => guest.ByCase == Api.Guest.ByOneofCase.Name ? g.Name == guest.Name : g.Domain == guest.Domain)
                ?? throw new RpcException(new Status(StatusCode.NotFound, $"there is no guest '{(guest.HasName ? guest.Name : guest.Domain)}'"));
        }
    }
}
