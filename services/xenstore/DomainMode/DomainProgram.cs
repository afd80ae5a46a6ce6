using System;
using System.Threading;
using System.Threading.Tasks;
using Microkernel.Services;
using Microkernel.Xen;
using Microkernel.XenStore.Native;
using Microkernel.XenStore.Rpc;

namespace Microkernel.XenStore.DomainMode;

/// <summary>The store in its own domain: rings of domains, and gRPC for the other services.</summary>
internal static class DomainProgram
{
    private static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(10);

    private const int UnkeptJournal = 8 << 20;

    internal static async Task RunAsync(ServiceHost host)
    {
        HeapLimit.Raise();
        using GrantDevice grants = GrantDevice.Open();
        EventPorts ports = EventPorts.Open();
        var rings = new DomainRings(grants, ports, host.Log);
        using JournalDevice journal = OpenJournal(host);
        StoreServer server = Revival.Start(journal, rings.For, new DomainControl(host), host.Log.Error);
        host.Log.Info($"{server.Store.Accounts.Nodes} nodes, {server.Domains.All.Count} domains");
        using var loop = new DomainLoop(ports, server, rings, host.Log);
        var service = new XenStoreService(loop, server);
        foreach (RingInfo ring in host.Rings)
            host.Connect(ring.PeerName, services => Protos.Xenstore.XenStore.BindService(services, service));
        using Watchdog watchdog = host.StartWatchdog(LongestTurn, () => Environment.TickCount64 - loop.LastTurn < LongestTurn.TotalMilliseconds);
        Task run = Task.Factory.StartNew(
            () => loop.Run(host.Stopping), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        host.Serve();
        await run.ConfigureAwait(false);
    }

    private static JournalDevice OpenJournal(ServiceHost host)
    {
        if (host.Info.KeptPages > 0)
            return new KeptJournalDevice(host.Calls.MapKept(host.Info));
        host.Log.Error("the manifest gives the store no kept memory: it will not survive its own end");
        return new ArrayJournalDevice(new byte[UnkeptJournal]);
    }
}
