using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using Microkernel.Rpc;
using Microkernel.Services.Memory.Building;
using Microkernel.Services.Memory.Domains;
using Microkernel.Services.Memory.Supervision;
using Microkernel.Xen;
using MemoryApi = Microkernel.Protos.Memory.Memory;
using SupervisorApi = Microkernel.Protos.Supervisor.Supervisor;

namespace Microkernel.Services.Memory;

/// <summary>The first domain: it builds all others, and keeps the services running.</summary>
internal static class Program
{
    private const string Toolstack = "toolstack";
    private static readonly TimeSpan WatchdogLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ScanPeriod = TimeSpan.FromSeconds(1);

    private static int Main(string[] arguments) => ServiceHost.Run("memory", arguments, RunAsync);

    private static async Task RunAsync(ServiceHost host)
    {
        XenHypervisor hypervisor = new(host.Privcmd, host.Calls, host.Info);
        DomainWatcher watcher = new(hypervisor);
        BackEnds backEnds = new(ServiceManifest.FindEntry(hypervisor, "qemu-dm"), ServiceManifest.FindEntry(hypervisor, "xenstore"));
        GuestMemoryService memory = new(hypervisor, watcher, backEnds, TimeProvider.System, host.Log.Info);
        memory.Recover();
        List<ServiceKeeper> keepers = [];
        OwnService own = new(ServiceManifest.ReadOwn(hypervisor), CountStarts(host) - 1, TimeProvider.System, host.Stop, host.Own.Crash, host.Panic);
        SupervisorService supervisor = new(own, keepers, TimeProvider.System, host.Log.Info);
        foreach (ServiceEntry entry in ServiceManifest.ReadServices(hypervisor))
        {
            RingEndpoint ring = entry.Name == Toolstack ? ConnectToolstack(host, memory, supervisor) : host.Connect(entry.Name);
            keepers.Add(new ServiceKeeper(hypervisor, entry, ring.CallInvoker, new SupervisorOptions(), TimeProvider.System, host.Log.Info));
        }

        using var events = EventDispatcher.Start("domain events");
        events.BindVirtualInterrupt(VirtualInterrupt.DomainException, () =>
        {
            watcher.Scan();
            supervisor.Wake();
        });
        long alive = 0;
        using Watchdog watchdog = host.StartWatchdog(WatchdogLimit, () => TimeProvider.System.GetElapsedTime(Volatile.Read(ref alive)) < WatchdogLimit);
        host.Serve();
        Task kept = supervisor.RunAsync(host.Stopping);
        while (!host.Stopping.IsCancellationRequested)
        {
            Volatile.Write(ref alive, TimeProvider.System.GetTimestamp());
            watcher.Scan();
            memory.Tend();
            await Task.Delay(ScanPeriod, host.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await kept.ConfigureAwait(false);
    }

    // The first of the kept pages, which are zero at first and outlive every incarnation of this service, has their number. A manifest
    // that gives none goes without the count.
    private static uint CountStarts(ServiceHost host)
    {
        if (host.Info.KeptPages == 0)
            return 1;
        using MappedPages kept = host.Calls.MapKept(host.Info);
        return ++MemoryMarshal.AsRef<uint>(kept.Bytes);
    }

    private static RingEndpoint ConnectToolstack(ServiceHost host, GuestMemoryService memory, SupervisorService supervisor) => host.Connect(
        Toolstack,
        services =>
        {
            MemoryApi.BindService(services, memory);
            SupervisorApi.BindService(services, supervisor);
        },
        // A toolstack that begins again goes on with nothing that it was building.
        new RingEndpointOptions { Connected = memory.BeginSession });
}
