using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Events;

/// <summary>What changes the ports of two domains together (or two ports of one): with the event locks of both held.</summary>
public static class InterdomainChannels
{
    /// <summary>EVTCHNOP_bind_interdomain: connects a new port of <paramref name="local"/> to an unbound one of <paramref name="remote"/>.</summary>
    public static long Bind(Domain local, Domain remote, uint remotePort, out uint port)
    {
        ushort remoteId = remote.Id;
        port = 0;
        using EventLockPair locks = new(local, remote);
        PortRecord other = remote.Events.Get(remotePort);
        if (remote.Id != remoteId || other.State != PortState.Unbound || other.RemoteDomain != local.Id)
            return XenError.EINVAL;

        PortRecord record = new() { State = PortState.Interdomain, RemoteDomain = remoteId, Remote = remotePort };
        long result = local.Events.Allocate(in record, out port);
        if (result == 0)
        {
            remote.Events.Connect(remotePort, PortState.Interdomain, local.Id, port);

            // An event sent while the port was unbound is lost: there may have been one.
            local.Events.Raise(port);
        }

        return result;
    }

    /// <summary>
    /// EVTCHNOP_close of a connected port: the other end becomes unbound and waits for this domain. Whatever happened before both locks
    /// were held is found by looking again.
    /// </summary>
    public static long Close(Domain local, uint port, in PortRecord seen)
    {
        Domain? remote = local.Kernel.Domains.Find(seen.RemoteDomain);
        if (remote == null)
        {
            using TicketLock.Holder held = local.EventLock.Hold();
            return local.Events.CloseLocal(port);
        }

        using EventLockPair locks = new(local, remote);
        PortRecord record = local.Events.Get(port);
        if (record.State != PortState.Interdomain)
            return local.Events.CloseLocal(port);

        if (record.RemoteDomain != remote.Id)
            return XenError.EINVAL;

        local.Events.Free(port);
        remote.Events.Connect(record.Remote, PortState.Unbound, local.Id, 0);
        return 0;
    }
}
