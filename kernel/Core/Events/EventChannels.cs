using System;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Events;

/// <summary>
/// The event channels of a domain. <see cref="Domain.EventLock"/> guards the ports and what the guest sees of them; the public methods
/// take it. Where two domains are changed together, both locks are held, that of the lower slot taken first. Results are 0 or a
/// <see cref="XenError"/>.
/// </summary>
public sealed class EventChannels
{
    private const int PortsPerPiece = 256;

    private readonly Domain _domain;
    private readonly PortTable _ports;
    private readonly TwoLevelDelivery _twoLevel;

    // The ports of virtual interrupts: VirqCount for each vCPU; 0 for none. Those of the whole domain are with vCPU 0.
    private readonly uint[] _virqPorts;

    private EventDelivery _delivery;
    private uint _nextToClose;
    private bool _mayPoll;

    /// <summary>The event channels of a domain slot. Only during start-up: it allocates.</summary>
    public EventChannels(Domain domain)
    {
        _domain = domain;
        _ports = new PortTable(domain.Kernel.Machine.Memory, domain.Pool);
        _twoLevel = new TwoLevelDelivery(domain);
        _delivery = _twoLevel;
        _virqPorts = new uint[domain.Config.VcpuCount * EventChannelAbi.VirqCount];
    }

    /// <summary>EVTCHNOP_alloc_unbound: a port that <paramref name="remote"/> may bind to.</summary>
    public long AllocateUnbound(ushort remote, out uint port)
    {
        using TicketLock.Holder held = _domain.EventLock.Hold();
        return Allocate(new PortRecord { State = PortState.Unbound, RemoteDomain = remote }, out port);
    }

    /// <summary>A port for a back end in the core, which looks like domain 0 to the guest. The builder calls it.</summary>
    public long BindCore(out uint port)
    {
        using TicketLock.Holder held = _domain.EventLock.Hold();
        return Allocate(new PortRecord { State = PortState.Core }, out port);
    }

    /// <summary>EVTCHNOP_bind_ipi.</summary>
    public long BindIpi(ushort vcpu, out uint port)
    {
        using TicketLock.Holder held = _domain.EventLock.Hold();
        return Allocate(new PortRecord { State = PortState.Ipi, Vcpu = vcpu }, out port);
    }

    /// <summary>EVTCHNOP_bind_virq; the arguments are valid.</summary>
    public long BindVirq(uint virq, ushort vcpu, out uint port)
    {
        using TicketLock.Holder held = _domain.EventLock.Hold();
        ref uint bound = ref VirqPort(vcpu, virq);
        port = 0;
        if (bound != 0)
        {
            return XenError.EEXIST;
        }

        long result = Allocate(new PortRecord { State = PortState.Virq, Vcpu = vcpu, Remote = virq }, out port);
        bound = result == 0 ? port : 0;
        return result;
    }

    /// <summary>EVTCHNOP_bind_interdomain: connects a new port to an unbound one of <paramref name="remote"/>.</summary>
    public long BindInterdomain(Domain remote, uint remotePort, out uint port)
    {
        ushort remoteId = remote.Id;
        port = 0;
        using EventLockPair locks = new(_domain, remote);
        if (remote.Id != remoteId || !remote.Events.Exists(remotePort))
        {
            return XenError.EINVAL;
        }

        // Two windows onto one frame would be two references to what may be one record: look, close, then change.
        PortRecord other = remote.Events.Get(remotePort);
        if (other.State != PortState.Unbound || other.RemoteDomain != _domain.Id)
        {
            return XenError.EINVAL;
        }

        long result = Allocate(
            new PortRecord { State = PortState.Interdomain, RemoteDomain = remoteId, Remote = remotePort }, out port);
        if (result != 0)
        {
            return result;
        }

        remote.Events.Connect(remotePort, PortState.Interdomain, _domain.Id, port);
        Raise(port);
        return 0;
    }

    /// <summary>EVTCHNOP_close.</summary>
    public long Close(uint port)
    {
        PortRecord record;
        using (_domain.EventLock.Hold())
        {
            if (!Exists(port))
            {
                return XenError.EINVAL;
            }

            record = Get(port);
            if (record.State != PortState.Interdomain)
            {
                return CloseLocal(port, in record);
            }
        }

        return CloseInterdomain(port, in record);
    }

    /// <summary>EVTCHNOP_send.</summary>
    public long Send(uint port)
    {
        PortRecord record;
        using (_domain.EventLock.Hold())
        {
            if (!Exists(port))
            {
                return XenError.EINVAL;
            }

            record = Get(port);
            if (record.State == PortState.Ipi)
            {
                Raise(port);
                return 0;
            }

            if (record.State == PortState.Interdomain && record.RemoteDomain == _domain.Id)
            {
                Raise(record.Remote);
                return 0;
            }
        }

        return SendOut(port, in record);
    }

    /// <summary>A virtual interrupt for a vCPU (or, whichever vCPU is given, for the domain if it is of that kind).</summary>
    public void SendVirq(Vcpu vcpu, uint virq)
    {
        using TicketLock.Holder held = _domain.EventLock.Hold();
        uint port = VirqPort(IsPerVcpu(virq) ? vcpu.Id : 0, virq);
        if (port != 0)
        {
            Raise(port);
        }
    }

    /// <summary>The back end of a port made by <see cref="BindCore"/> has news for the guest.</summary>
    public void NotifyFromCore(uint port)
    {
        using TicketLock.Holder held = _domain.EventLock.Hold();
        if (Exists(port) && Get(port).State == PortState.Core)
        {
            Raise(port);
        }
    }

    /// <summary>EVTCHNOP_status: a copy of the record.</summary>
    public bool TryGetStatus(uint port, out PortRecord record)
    {
        using TicketLock.Holder held = _domain.EventLock.Hold();
        bool exists = Exists(port);
        record = exists ? Get(port) : default;
        return exists;
    }

    /// <summary>EVTCHNOP_bind_vcpu; the vCPU exists.</summary>
    public long BindVcpu(uint port, ushort vcpu)
    {
        using TicketLock.Holder held = _domain.EventLock.Hold();
        if (!Exists(port))
        {
            return XenError.EINVAL;
        }

        using PortView view = _ports.Open(port);
        ref PortRecord record = ref view.Record;
        bool mayMove = record.State is PortState.Unbound or PortState.Interdomain or PortState.Core
            || (record.State == PortState.Virq && !IsPerVcpu(record.Remote));
        if (mayMove)
        {
            record.Vcpu = vcpu;
        }

        return mayMove ? 0 : XenError.EINVAL;
    }

    /// <summary>EVTCHNOP_unmask.</summary>
    public long Unmask(uint port)
    {
        using TicketLock.Holder held = _domain.EventLock.Hold();
        if (!Exists(port))
        {
            return XenError.EINVAL;
        }

        using PortView view = _ports.Open(port);
        _delivery.Unmask(_domain.Vcpus[view.Record.Vcpu], port, ref view.Record);
        return 0;
    }

    /// <summary>
    /// SCHEDOP_poll: true if an event is pending on the port already. Otherwise the next event of the domain wakes every vCPU that
    /// polls. EINVAL: no such port.
    /// </summary>
    public long Poll(uint port, out bool isPending)
    {
        using TicketLock.Holder held = _domain.EventLock.Hold();
        isPending = Exists(port) && _delivery.IsPending(port);
        _mayPoll = true;
        return Exists(port) ? 0 : XenError.EINVAL;
    }

    /// <summary>Ports that have ever been used; those to close are below it.</summary>
    public uint PortCount => (uint)_ports.Count;

    /// <summary>A new domain: no port is in use. Its shared_info has its place.</summary>
    public bool TryReset()
    {
        _delivery = _twoLevel;
        _virqPorts.AsSpan().Clear();
        _mayPoll = false;
        return true;
    }

    /// <summary>
    /// Closes some ports of a domain that has ended, so that their peers see them unbound, and when all are closed gives everything back;
    /// true when that is done.
    /// </summary>
    public bool TeardownPiece()
    {
        uint end = Math.Min(_nextToClose + PortsPerPiece, PortCount);
        for (; _nextToClose < end; _nextToClose++)
        {
            Close(_nextToClose);
        }

        if (_nextToClose < PortCount)
        {
            return false;
        }

        Release();
        return true;
    }

    private void Release()
    {
        using TicketLock.Holder held = _domain.EventLock.Hold();
        foreach (Vcpu vcpu in _domain.Vcpus)
        {
            VcpuInfo.Release(vcpu);
        }

        _ports.Clear();
        _nextToClose = 0;
    }

    private static bool IsPerVcpu(uint virq) => EventChannelOperations.IsPerVcpu(virq);

    private ref uint VirqPort(int vcpu, uint virq) => ref _virqPorts[(vcpu * (int)EventChannelAbi.VirqCount) + (int)virq];

    private bool Exists(uint port) => port < (uint)_ports.Count && port < (uint)_delivery.MaxPorts;

    private PortRecord Get(uint port)
    {
        using PortView view = _ports.Open(port);
        return view.Record;
    }

    private long Allocate(in PortRecord content, out uint port)
    {
        long result = _ports.FindFree(_delivery.MaxPorts, out port);
        if (result == 0)
        {
            using PortView view = _ports.Open(port);
            view.Record = content;
        }

        return result;
    }

    private void Connect(uint port, PortState state, ushort remote, uint remotePort)
    {
        using PortView view = _ports.Open(port);
        view.Record.State = state;
        view.Record.RemoteDomain = remote;
        view.Record.Remote = remotePort;
    }

    private void Free(uint port)
    {
        _delivery.ClearPending(port);
        using PortView view = _ports.Open(port);
        view.Record = default;
        _ports.NoteFree(port);
    }

    private void Raise(uint port)
    {
        using (PortView view = _ports.Open(port))
        {
            _delivery.SetPending(_domain.Vcpus[view.Record.Vcpu], port, ref view.Record);
        }

        if (_mayPoll)
        {
            WakePollers();
        }
    }

    private void WakePollers()
    {
        _mayPoll = false;
        foreach (Vcpu vcpu in _domain.Vcpus)
        {
            if (vcpu.IsPolling)
            {
                vcpu.IsPolling = false;
                vcpu.Post(PendingWork.Wake);
            }
        }
    }

    private long CloseLocal(uint port, in PortRecord record)
    {
        if (record.State is PortState.Free or PortState.Reserved)
        {
            return XenError.EINVAL;
        }

        if (record.State == PortState.Virq)
        {
            VirqPort(IsPerVcpu(record.Remote) ? record.Vcpu : 0, record.Remote) = 0;
        }

        Free(port);
        return 0;
    }

    // The other end becomes unbound and waits for us. Whatever happened before both locks were held is found by looking again.
    private long CloseInterdomain(uint port, in PortRecord seen)
    {
        Domain? remote = _domain.Kernel.Domains.Find(seen.RemoteDomain);
        if (remote == null)
        {
            return Close(port);
        }

        using EventLockPair locks = new(_domain, remote);
        PortRecord record = Exists(port) ? Get(port) : default;
        if (record.State != PortState.Interdomain || record.RemoteDomain != seen.RemoteDomain)
        {
            return XenError.EINVAL;
        }

        Free(port);
        remote.Events.Connect(record.Remote, PortState.Unbound, _domain.Id, 0);
        return 0;
    }

    // To another domain or into the core: without our lock, so that nobody waits for two.
    private long SendOut(uint port, in PortRecord record)
    {
        switch (record.State)
        {
            case PortState.Interdomain:
                _domain.Kernel.Domains.Find(record.RemoteDomain)?.Events.Receive(record.Remote, _domain.Id, port);
                return 0;
            case PortState.Core:
                _domain.Console.OnNotify();
                return 0;
            case PortState.Unbound:
                return 0;
            default:
                return XenError.EINVAL;
        }
    }

    private void Receive(uint port, ushort sender, uint senderPort)
    {
        using TicketLock.Holder held = _domain.EventLock.Hold();
        PortRecord record = Exists(port) ? Get(port) : default;
        if (record.State == PortState.Interdomain && record.RemoteDomain == sender && record.Remote == senderPort)
        {
            Raise(port);
        }
    }
}
