using System.Runtime.CompilerServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Events;

/// <summary>
/// The event channels of a domain. <see cref="Domain.EventLock"/> guards the ports and what the guest sees of them; the public methods
/// take it, the internal ones expect it. Results are 0 or a <see cref="XenError"/>.
/// </summary>
public sealed class EventChannels
{
    private readonly Domain _domain;
    private readonly TicketLock _lock;
    private readonly PortTable _ports;
    private readonly TwoLevelDelivery _twoLevel;
    private readonly FifoDelivery _fifo;
    private readonly VirqPorts _virqs;
    private EventDelivery _delivery;
    private bool _mayPoll;
    private int _openPorts;

    /// <summary>The event channels of a domain slot. Only during start-up: it allocates.</summary>
    public EventChannels(Domain domain)
    {
        _domain = domain;
        _lock = domain.EventLock;
        _ports = new PortTable(domain.Kernel.Machine.Memory, domain.Pool);
        _twoLevel = new TwoLevelDelivery(domain);
        _fifo = new FifoDelivery(domain);
        _delivery = _twoLevel;
        _virqs = new VirqPorts(domain.MostVcpus);
        Closing = new PortClosing(this, domain);
    }

    /// <summary>Closing all ports: EVTCHNOP_reset and the end of the domain.</summary>
    public PortClosing Closing { get; }

    /// <summary>Ports that have ever been used; those to close are below it.</summary>
    public uint PortCount => _ports.Count;

    /// <summary>Some port is not free.</summary>
    public bool HasOpenPorts => _openPorts != 0;

    /// <summary>The guest uses the FIFO ABI.</summary>
    public bool IsFifo => _delivery == _fifo;

    /// <summary>A new domain: no port is in use. Its shared_info has its place.</summary>
    public bool TryReset()
    {
        _delivery = _twoLevel;
        _twoLevel.SetLayout(_domain.HasNarrowSharedInfo);
        _virqs.Clear();
        _mayPoll = false;
        Closing.Restart();
        return true;
    }

    /// <summary>Closes some ports of a domain that has ended; true when all are closed and everything is given back.</summary>
    public bool TeardownPiece() => Closing.TeardownPiece();

    /// <summary>EVTCHNOP_alloc_unbound: a port that <paramref name="remote"/> may bind to.</summary>
    public long AllocateUnbound(ushort remote, out uint port)
    {
        using TicketLock.Holder held = _lock.Hold();
        return Allocate(new PortRecord { State = PortState.Unbound, RemoteDomain = remote }, out port);
    }

    /// <summary>A port for a back end in the core, which looks like domain 0 to the guest. The builder calls it.</summary>
    public long BindCore(out uint port)
    {
        using TicketLock.Holder held = _lock.Hold();
        return Allocate(new PortRecord { State = PortState.Core }, out port);
    }

    /// <summary>EVTCHNOP_bind_ipi; the vCPU exists.</summary>
    public long BindIpi(ushort vcpu, out uint port)
    {
        using TicketLock.Holder held = _lock.Hold();
        long result = Allocate(new PortRecord { State = PortState.Ipi, Vcpu = vcpu }, out port);
        if (result == 0)
            Connect(port, PortState.Ipi, _domain.Id, port);

        return result;
    }

    /// <summary>EVTCHNOP_bind_virq; the arguments are valid. EEXIST: it is bound.</summary>
    public long BindVirq(uint virq, ushort vcpu, out uint port)
    {
        using TicketLock.Holder held = _lock.Hold();
        ref uint bound = ref _virqs.Port(vcpu, virq);
        port = 0;
        if (bound != 0)
            return XenError.EEXIST;

        long result = Allocate(new PortRecord { State = PortState.Virq, Vcpu = vcpu, Remote = virq }, out port);
        bound = result == 0 ? port : 0;
        return result;
    }

    /// <summary>EVTCHNOP_close. EINVAL: no such port, or it is closed.</summary>
    public long Close(uint port)
    {
        PortRecord record;
        using (_lock.Hold())
        {
            record = Get(port);
            if (record.State != PortState.Interdomain)
                return CloseLocal(port);
        }

        return InterdomainChannels.Close(_domain, port, in record);
    }

    /// <summary>EVTCHNOP_send.</summary>
    public long Send(uint port)
    {
        _lock.Enter();
        if (!Exists(port))
        {
            _lock.Exit();
            return XenError.EINVAL;
        }

        // Every event goes through here: written out without using blocks, which keep everything on the stack. Nothing in it throws.
        PortView view = _ports.Open(port);
        PortState state = view.Record.State;
        ushort remoteDomain = view.Record.RemoteDomain;
        uint remote = view.Record.Remote;
        view.Dispose();
        bool isNear = remoteDomain == _domain.Id && state is (PortState.Interdomain or PortState.Ipi);
        if (isNear)
            Raise(remote);

        _lock.Exit();
        return isNear ? 0 : SendFar(port, state, remoteDomain, remote);
    }

    /// <summary>A virtual interrupt for a vCPU (or, whichever vCPU is given, for the domain if it is of that kind).</summary>
    public void SendVirq(Vcpu vcpu, uint virq)
    {
        using TicketLock.Holder held = _lock.Hold();
        uint port = _virqs.Port(vcpu.Id, virq);
        if (port != 0)
            Raise(port);
    }

    /// <summary>The back end of a port made by <see cref="BindCore"/> has news for the guest.</summary>
    public void NotifyFromCore(uint port)
    {
        using TicketLock.Holder held = _lock.Hold();
        if (Get(port).State == PortState.Core)
            Raise(port);
    }

    /// <summary>EVTCHNOP_status: a copy of the record; false: no such port.</summary>
    public bool TryGetStatus(uint port, out PortRecord record)
    {
        using TicketLock.Holder held = _lock.Hold();
        record = Get(port);
        return Exists(port);
    }

    /// <summary>EVTCHNOP_bind_vcpu; the vCPU exists. EINVAL: no such port, or it belongs to a vCPU.</summary>
    public long BindVcpu(uint port, ushort vcpu)
    {
        using TicketLock.Holder held = _lock.Hold();
        if (!Exists(port))
            return XenError.EINVAL;

        using PortView view = _ports.Open(port);
        ref PortRecord record = ref view.Record;
        bool mayMove = record.State is PortState.Unbound or PortState.Interdomain or PortState.Core
            || (record.State == PortState.Virq && !VirqPorts.IsPerVcpu(record.Remote));
        record.Vcpu = mayMove ? vcpu : record.Vcpu;
        return mayMove ? 0 : XenError.EINVAL;
    }

    /// <summary>EVTCHNOP_unmask.</summary>
    public long Unmask(uint port)
    {
        using TicketLock.Holder held = _lock.Hold();
        if (!Exists(port))
            return XenError.EINVAL;

        using PortView view = _ports.Open(port);
        _delivery.Unmask(_domain.VcpuAt(view.Record.Vcpu), port, ref view.Record);
        return 0;
    }

    /// <summary>
    /// SCHEDOP_poll: true if an event is pending on the port already. Otherwise the next event of the domain wakes every vCPU that
    /// polls. EINVAL: no such port.
    /// </summary>
    public long Poll(uint port, out bool isPending)
    {
        using TicketLock.Holder held = _lock.Hold();
        isPending = Exists(port) && _delivery.IsPending(port);
        _mayPoll = true;
        return Exists(port) ? 0 : XenError.EINVAL;
    }

    /// <summary>EVTCHNOP_init_control; the arguments are valid. The first one of a domain changes its ports to the FIFO ABI.</summary>
    public long InitControl(Vcpu vcpu, ulong gfn, int offset)
    {
        using TicketLock.Holder held = _lock.Hold();
        long result = _fifo.SetControlBlock(vcpu, gfn, offset);
        if (result == 0 && !IsFifo)
        {
            KeepPending();
            _delivery = _fifo;
        }

        return result;
    }

    /// <summary>EVTCHNOP_expand_array. EOPNOTSUPP: not the FIFO ABI.</summary>
    public long ExpandArray(ulong gfn)
    {
        using TicketLock.Holder held = _lock.Hold();
        if (!IsFifo)
            return XenError.EOPNOTSUPP;

        uint port = (uint)_fifo.WordCount;
        long result = _fifo.AddPage(gfn);
        for (; result == 0 && Exists(port) && port < (uint)_fifo.WordCount; port++)
            RaiseIfEarly(port);

        return result;
    }

    /// <summary>EVTCHNOP_set_priority. ENOSYS: not the FIFO ABI.</summary>
    public long SetPriority(uint port, uint priority)
    {
        using TicketLock.Holder held = _lock.Hold();
        if (!Exists(port))
            return XenError.EINVAL;

        if (!IsFifo)
            return XenError.ENOSYS;

        if (priority > FifoDelivery.LowestPriority)
            return XenError.EINVAL;

        using PortView view = _ports.Open(port);
        view.Record.Priority = (byte)priority;
        return 0;
    }

    /// <summary>All ports are closed: back to the 2-level ABI; the guest's pages are let go.</summary>
    internal void LeaveFifo()
    {
        _fifo.Clear();
        _delivery = _twoLevel;
    }

    /// <summary>The domain has ended and its ports are closed: all frames go back.</summary>
    internal void ReleaseFrames()
    {
        foreach (Vcpu vcpu in _domain.Vcpus)
            VcpuInfo.Release(vcpu);

        LeaveFifo();
        _ports.Clear();
    }

    /// <summary>A copy of a port's record; a free one if there is no such port.</summary>
    internal PortRecord Get(uint port)
    {
        if (!Exists(port))
            return default;

        using PortView view = _ports.Open(port);
        return view.Record;
    }

    /// <summary>Finds a free port and makes it what <paramref name="content"/> says. ENOSPC, ENOMEM.</summary>
    internal long Allocate(in PortRecord content, out uint port)
    {
        long result = _ports.FindFree(_delivery, out port);
        if (result == 0)
        {
            _openPorts++;
            using PortView view = _ports.Open(port);
            view.Record.State = content.State;
            view.Record.Priority = FifoDelivery.DefaultPriority;
            view.Record.IsPendingEarly = 0;
            view.Record.Vcpu = content.Vcpu;
            view.Record.RemoteDomain = content.RemoteDomain;
            view.Record.Remote = content.Remote;
        }

        return result;
    }

    /// <summary>Changes what an existing port is connected to.</summary>
    internal void Connect(uint port, PortState state, ushort remote, uint remotePort)
    {
        using PortView view = _ports.Open(port);
        view.Record.State = state;
        view.Record.RemoteDomain = remote;
        view.Record.Remote = remotePort;
    }

    /// <summary>Makes a port free. What the FIFO ABI knows of the queue where it was last is kept.</summary>
    internal void Free(uint port)
    {
        _openPorts--;
        _delivery.ClearPending(port);
        using PortView view = _ports.Open(port);
        view.Record.State = PortState.Free;
        view.Record.IsPendingEarly = 0;
        view.Record.Vcpu = 0;
        _ports.NoteFree(port);
    }

    /// <summary>Closes a port whose other end, if it has one, does not matter.</summary>
    internal long CloseLocal(uint port)
    {
        PortRecord record = Get(port);
        if (record.State is PortState.Free or PortState.Reserved)
            return XenError.EINVAL;

        if (record.State == PortState.Virq)
            _virqs.Port(record.Vcpu, record.Remote) = 0;

        Free(port);
        return 0;
    }

    /// <summary>Makes an event pending on an existing port.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Raise(uint port)
    {
        PortView view = _ports.Open(port);
        Raise(port, ref view.Record);
        view.Dispose();
    }

    /// <summary>An event from another domain's port, if that is still the other end.</summary>
    internal void Receive(uint port, ushort sender, uint senderPort)
    {
        _lock.Enter();
        if (port < _ports.Count)
        {
            PortView view = _ports.Open(port);
            ref PortRecord record = ref view.Record;
            if (record.State == PortState.Interdomain && record.RemoteDomain == sender && record.Remote == senderPort)
                Raise(port, ref record);

            view.Dispose();
        }

        _lock.Exit();
    }

    /// <summary>The word size of the guest has changed.</summary>
    internal void SetLayout(bool narrow) => _twoLevel.SetLayout(narrow);

    private void Raise(uint port, ref PortRecord record)
    {
        _delivery.SetPending(_domain.VcpuAt(record.Vcpu), port, ref record);
        if (_mayPoll)
            WakePollers();
    }

    private bool Exists(uint port) => port < _ports.Count;

    // To another domain or to nobody, without our lock, so that nobody waits for two.
    private long SendFar(uint port, PortState state, ushort remoteDomain, uint remote)
    {
        switch (state)
        {
            case PortState.Interdomain:
                _domain.Kernel.Domains.Find(remoteDomain)?.Events.Receive(remote, _domain.Id, port);
                return 0;
            case PortState.Unbound:
                return 0;
            case PortState.Core:
                _domain.Console.OnNotify();
                return 0;
            default:
                return XenError.EINVAL;
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

    // The ABI changes: what is pending will be pending again once the guest has given memory for the event words.
    private void KeepPending()
    {
        for (uint port = 1; Exists(port); port++)
        {
            using PortView view = _ports.Open(port);
            view.Record.Priority = FifoDelivery.DefaultPriority;
            view.Record.IsPendingEarly = _twoLevel.IsPending(port) ? (byte)1 : (byte)0;
        }
    }

    private void RaiseIfEarly(uint port)
    {
        using PortView view = _ports.Open(port);
        if (view.Record.IsPendingEarly != 0)
        {
            view.Record.IsPendingEarly = 0;
            _delivery.SetPending(_domain.VcpuAt(view.Record.Vcpu), port, ref view.Record);
        }
    }
}
