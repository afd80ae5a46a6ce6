using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Hypercalls;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Events;

/// <summary>event_channel_op (xen/event_channel.h): arguments in, results out; the work is done by <see cref="EventChannels"/>.</summary>
public static class EventChannelOperations
{
    private const string Test = "evtchn";
    private const string FifoTest = "fifo";

    /// <summary>The operations.</summary>
    public static readonly SubOperation[] Table =
    [
        new(EventChannelAbi.BindInterdomain, "bind_interdomain", Test),
        new(EventChannelAbi.BindVirq, "bind_virq", Test),
        new(EventChannelAbi.BindPirq, "bind_pirq", Test) { Note = "a guest has no physical interrupts: EINVAL" },
        new(EventChannelAbi.Close, "close", Test),
        new(EventChannelAbi.Send, "send", Test),
        new(EventChannelAbi.Status, "status", Test),
        new(EventChannelAbi.AllocUnbound, "alloc_unbound", Test),
        new(EventChannelAbi.BindIpi, "bind_ipi", Test),
        new(EventChannelAbi.BindVcpu, "bind_vcpu", Test),
        new(EventChannelAbi.Unmask, "unmask", Test),
        new(EventChannelAbi.Reset, "reset", Test),
        new(EventChannelAbi.InitControl, "init_control", FifoTest),
        new(EventChannelAbi.ExpandArray, "expand_array", FifoTest),
        new(EventChannelAbi.SetPriority, "set_priority", FifoTest),
        new(EventChannelAbi.ResetContinuation, "reset_cont", Test) { Note = "what reset makes of itself when it takes long" },
    ];

    /// <summary>Serves the operation that the first argument names.</summary>
    public static long Serve(ref HypercallCall call)
    {
        switch (call.Operation)
        {
            case EventChannelAbi.BindInterdomain: return BindInterdomain(ref call);
            case EventChannelAbi.BindVirq: return BindVirq(ref call);
            case EventChannelAbi.BindPirq: return BindPirq(ref call);
            case EventChannelAbi.Close: return Close(ref call);
            case EventChannelAbi.Send: return Send(ref call);
            case EventChannelAbi.Status: return Status(ref call);
            case EventChannelAbi.AllocUnbound: return AllocUnbound(ref call);
            case EventChannelAbi.BindIpi: return BindIpi(ref call);
            case EventChannelAbi.BindVcpu: return BindVcpu(ref call);
            case EventChannelAbi.Unmask: return Unmask(ref call);
            case EventChannelAbi.Reset: return Reset(ref call);
            case EventChannelAbi.InitControl: return InitControl(ref call);
            case EventChannelAbi.ExpandArray: return ExpandArray(ref call);
            case EventChannelAbi.SetPriority: return SetPriority(ref call);
            case EventChannelAbi.ResetContinuation: return Reset(ref call);
            default: return XenError.ENOSYS;
        }
    }

    private static long AllocUnbound(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out EventChannelAbi.AllocUnboundArgument argument))
            return XenError.EFAULT;

        using TargetDomain target = new(in call, argument.Domain, Privilege.Build, unsealed: true);
        if (target.Error != 0)
            return target.Error;

        // An event needs a vCPU that it can be for.
        if (target.Domain.Vcpus.Length == 0)
            return XenError.EINVAL;

        ushort remote = argument.RemoteDomain == DomainIds.Self ? call.Domain.Id : argument.RemoteDomain;
        long result = target.Domain.Events.AllocateUnbound(remote, out argument.Port);
        return result == 0 ? call.Answer(call.Arg1, in argument) : result;
    }

    private static long BindInterdomain(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out EventChannelAbi.BindInterdomainArgument argument))
            return XenError.EFAULT;

        Domain? remote = DomainReference.Find(in call, argument.RemoteDomain);
        if (remote == null)
            return XenError.ESRCH;

        long result = InterdomainChannels.Bind(call.Domain, remote, argument.RemotePort, out argument.LocalPort);
        return result == 0 ? call.Answer(call.Arg1, in argument) : result;
    }

    private static long BindVirq(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out EventChannelAbi.BindVirqArgument argument))
            return XenError.EFAULT;

        if (argument.Virq >= EventChannelAbi.VirqCount || (!VirqPorts.IsPerVcpu(argument.Virq) && argument.Vcpu != 0))
            return XenError.EINVAL;

        if (!HasVcpu(call.Domain, argument.Vcpu))
            return XenError.ENOENT;

        long result = call.Domain.Events.BindVirq(argument.Virq, (ushort)argument.Vcpu, out argument.Port);
        return result == 0 ? call.Answer(call.Arg1, in argument) : result;
    }

    private static long BindPirq(ref HypercallCall call) =>
        call.TryRead(call.Arg1, out EventChannelAbi.BindPirqArgument _) ? XenError.EINVAL : XenError.EFAULT;

    private static long BindIpi(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out EventChannelAbi.BindIpiArgument argument))
            return XenError.EFAULT;

        if (!HasVcpu(call.Domain, argument.Vcpu))
            return XenError.ENOENT;

        long result = call.Domain.Events.BindIpi((ushort)argument.Vcpu, out argument.Port);
        return result == 0 ? call.Answer(call.Arg1, in argument) : result;
    }

    private static long Close(ref HypercallCall call) =>
        call.TryRead(call.Arg1, out uint port) ? call.Domain.Events.Close(port) : XenError.EFAULT;

    private static long Send(ref HypercallCall call) =>
        call.TryRead(call.Arg1, out uint port) ? call.Domain.Events.Send(port) : XenError.EFAULT;

    private static long Unmask(ref HypercallCall call) =>
        call.TryRead(call.Arg1, out uint port) ? call.Domain.Events.Unmask(port) : XenError.EFAULT;

    private static long Status(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out EventChannelAbi.StatusArgument argument))
            return XenError.EFAULT;

        long error = DomainReference.CheckSelf(in call, argument.Domain);
        if (error != 0)
            return error;

        if (!call.Domain.Events.TryGetStatus(argument.Port, out PortRecord record))
            return XenError.EINVAL;

        Describe(in record, ref argument);
        return call.Answer(call.Arg1, in argument);
    }

    private static void Describe(in PortRecord record, ref EventChannelAbi.StatusArgument argument)
    {
        argument.Vcpu = record.Vcpu;
        argument.Status = StatusOf(record.State);
        switch (record.State)
        {
            case PortState.Unbound:
                SetPeerDomain(ref argument, record.RemoteDomain);
                break;
            case PortState.Interdomain or PortState.Core:
                SetPeerDomain(ref argument, record.RemoteDomain);
                argument.PeerPort = record.Remote;
                break;
            case PortState.Virq:
                argument.Peer = record.Remote;
                break;
        }
    }

    private static void SetPeerDomain(ref EventChannelAbi.StatusArgument argument, ushort domain) =>
        argument.Peer = (argument.Peer & 0xFFFF0000) | domain;

    private static uint StatusOf(PortState state) => state switch
    {
        PortState.Unbound => EventChannelAbi.StatusUnbound,
        PortState.Interdomain or PortState.Core => EventChannelAbi.StatusInterdomain,
        PortState.Virq => EventChannelAbi.StatusVirq,
        PortState.Ipi => EventChannelAbi.StatusIpi,
        _ => EventChannelAbi.StatusClosed,
    };

    private static long BindVcpu(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out EventChannelAbi.BindVcpuArgument argument))
            return XenError.EFAULT;

        return HasVcpu(call.Domain, argument.Vcpu)
            ? call.Domain.Events.BindVcpu(argument.Port, (ushort)argument.Vcpu)
            : XenError.ENOENT;
    }

    private static long Reset(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out ushort domain))
            return XenError.EFAULT;

        long error = DomainReference.CheckSelf(in call, domain);
        if (error != 0)
            return error;

        return call.Domain.Events.Closing.Reset(ref call, (uint)call.Arg0 == EventChannelAbi.ResetContinuation);
    }

    private static long InitControl(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out EventChannelAbi.InitControlArgument argument))
            return XenError.EFAULT;

        if (!HasVcpu(call.Domain, argument.Vcpu))
            return XenError.ENOENT;

        const uint last = PhysicalMemory.FrameSize - FifoDelivery.ControlBlockSize;
        if (argument.Offset > last || argument.Offset % sizeof(ulong) != 0)
            return XenError.EINVAL;

        Vcpu vcpu = call.Domain.Vcpus[(int)argument.Vcpu];
        long result = call.Domain.Events.InitControl(vcpu, argument.ControlGfn, (int)argument.Offset);
        argument.LinkBits = FifoDelivery.LinkBits;
        return result == 0 ? call.Answer(call.Arg1, in argument) : result;
    }

    private static long ExpandArray(ref HypercallCall call) =>
        call.TryRead(call.Arg1, out ulong gfn) ? call.Domain.Events.ExpandArray(gfn) : XenError.EFAULT;

    private static long SetPriority(ref HypercallCall call) =>
        call.TryRead(call.Arg1, out EventChannelAbi.SetPriorityArgument argument)
            ? call.Domain.Events.SetPriority(argument.Port, argument.Priority)
            : XenError.EFAULT;

    private static bool HasVcpu(Domain domain, uint vcpu) => vcpu < (uint)domain.Vcpus.Length;
}
