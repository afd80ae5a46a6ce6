namespace Microkernel.Core.Abi;

/// <summary>
/// event_channel_op: operations and their arguments (xen/event_channel.h). Every structure is the same for 32- and 64-bit callers.
/// </summary>
public static class EventChannelAbi
{
    public const uint BindInterdomain = 0;
    public const uint BindVirq = 1;
    public const uint BindPirq = 2;
    public const uint Close = 3;
    public const uint Send = 4;
    public const uint Status = 5;
    public const uint AllocUnbound = 6;
    public const uint BindIpi = 7;
    public const uint BindVcpu = 8;
    public const uint Unmask = 9;
    public const uint Reset = 10;
    public const uint InitControl = 11;
    public const uint ExpandArray = 12;
    public const uint SetPriority = 13;
    public const uint ResetContinuation = 14;

    /// <summary>EVTCHNSTAT_*.</summary>
    public const uint StatusClosed = 0;
    public const uint StatusUnbound = 1;
    public const uint StatusInterdomain = 2;
    public const uint StatusVirq = 4;
    public const uint StatusIpi = 5;

    /// <summary>VIRQ_TIMER, VIRQ_DEBUG, VIRQ_XENOPROF and VIRQ_XENPMU are per vCPU (xen/xen.h); the others are the domain's.</summary>
    public const uint VirqTimer = 0;
    public const uint VirqDebug = 1;
    public const uint VirqConsole = 2;
    public const uint VirqDomainExited = 3;
    public const uint VirqXenoprof = 7;
    public const uint VirqXenpmu = 13;
    public const uint VirqCount = 24;

    /// <summary>EVTCHNOP_alloc_unbound.</summary>
    public struct AllocUnboundArgument
    {
        public ushort Domain;
        public ushort RemoteDomain;
        public uint Port;
    }

    /// <summary>EVTCHNOP_bind_interdomain.</summary>
    public struct BindInterdomainArgument
    {
        public ushort RemoteDomain;
        public uint RemotePort;
        public uint LocalPort;
    }

    /// <summary>EVTCHNOP_bind_virq.</summary>
    public struct BindVirqArgument
    {
        public uint Virq;
        public uint Vcpu;
        public uint Port;
    }

    /// <summary>EVTCHNOP_bind_pirq.</summary>
    public struct BindPirqArgument
    {
        public uint Pirq;
        public uint Flags;
        public uint Port;
    }

    /// <summary>EVTCHNOP_bind_ipi.</summary>
    public struct BindIpiArgument
    {
        public uint Vcpu;
        public uint Port;
    }

    /// <summary>EVTCHNOP_status.</summary>
    public struct StatusArgument
    {
        public ushort Domain;
        public uint Port;
        public uint Status;
        public uint Vcpu;

        /// <summary>Domain of an unbound or interdomain port (low half), or the number of a VIRQ.</summary>
        public uint Peer;

        /// <summary>Port at the other end of an interdomain one.</summary>
        public uint PeerPort;
    }

    /// <summary>EVTCHNOP_bind_vcpu.</summary>
    public struct BindVcpuArgument
    {
        public uint Port;
        public uint Vcpu;
    }

    /// <summary>EVTCHNOP_init_control.</summary>
    public struct InitControlArgument
    {
        public ulong ControlGfn;
        public uint Offset;
        public uint Vcpu;
        public byte LinkBits;
    }

    /// <summary>EVTCHNOP_set_priority.</summary>
    public struct SetPriorityArgument
    {
        public uint Port;
        public uint Priority;
    }
}
