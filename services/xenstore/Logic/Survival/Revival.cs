using System;
using System.Collections.Generic;

namespace Microkernel.XenStore;

/// <summary>Starts a server where the one before it ended, however that was.</summary>
public static class Revival
{
    /// <summary>Of the journal's memory, the part that nodes may take: the rest is for what else there is to record.</summary>
    private const double NodesShare = 0.7;

    /// <summary>Starts a server.</summary>
    /// <param name="device">Its journal's memory.</param>
    /// <param name="host">Connects the rings of domains.</param>
    /// <param name="control">What CONTROL needs.</param>
    /// <param name="complain">Hears of everything that is not as it should be.</param>
    public static StoreServer Start(JournalDevice device, Func<StoreServer, DomainHost> host, ControlHost control, Action<string> complain)
    {
        RecoveredState? state = JournalReader.Read(device, complain);
        uint epoch = (state?.Epoch ?? 0) + 1;
        var recorder = new JournalRecorder(new JournalWriter(device), epoch, complain);
        var server = new StoreServer(state?.Store ?? new Store(), recorder, control, epoch);
        server.Store.Capacity = (long)(device.LargestHalf * NodesShare);
        server.Domains.Host = host(server);
        if (state is not null)
            Restore(server, state, complain);
        recorder.Begin(server);
        server.EndBatch();
        return server;
    }

    private static void Restore(StoreServer server, RecoveredState state, Action<string> complain)
    {
        List<int> gone = [];
        foreach (RecoveredDomain recovered in state.Domains.Values)
        {
            Domain domain = server.Domains.Make((int)recovered.Message.Domain);
            domain.Restore(
                recovered.Message.IsIntroduced, recovered.Message.Frame, recovered.Message.Port, recovered.Message.DomainGeneration,
                (int)recovered.Message.Target - 1, recovered.Message.Features, recovered.Message.IsShutDown);
            if (domain.IsIntroduced && !TryReconnect(server, domain, recovered, complain))
                gone.Add(domain.Id);
        }
        // Now that everybody's watches are there again.
        foreach (int domain in gone)
        {
            complain($"domain {domain} is gone: it is released");
            server.Domains.Release(domain);
        }
    }

    private static bool TryReconnect(StoreServer server, Domain domain, RecoveredDomain recovered, Action<string> complain)
    {
        if (!server.Domains.Reconnect(domain))
            return false;
        Client client = domain.Client!;
        foreach (Protos.Xenstore.Journal.JournalWatch watch in recovered.Watches)
        {
            ClientState.Add(server.Store, client, new Watch(
                client, watch.Path.ToByteArray(), (int)watch.BaseLength, watch.Token.ToByteArray(), (int)watch.Depth - 1));
        }
        client.Restore(recovered.HasLostEvents);
        if (recovered.Progress is not { } progress || client.Connection is not RingConnection ring)
            return true;
        var place = new ConnectionProgress(progress.RequestEnd, progress.ResponseEnd, progress.Partial.ToByteArray());
        if (!ring.Resume(place, recovered.Output))
            complain($"the ring of domain {domain.Id} is not where the journal has it: requests or answers may be lost or doubled");
        return true;
    }
}
