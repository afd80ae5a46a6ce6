using System;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hypercalls;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Dispatch;

/// <summary>sched_op (xen/sched.h).</summary>
public static class SchedulingOperations
{
    private const string Test = "sched";
    private const uint MostPorts = 128;
    private const int PollSize = 24;
    private const int NarrowPollSize = 16;

    /// <summary>The operations.</summary>
    public static readonly SubOperation[] Table =
    [
        new(0, "yield", Test),
        new(1, "block", Test),
        new(2, "shutdown", Test),
        new(3, "poll", Test),
        new(4, "remote_shutdown", Test),
        new(5, "shutdown_code", Test),
        new(6, "watchdog", Test),
        new(7, "pin_override", Test) { Note = "EPERM" },
    ];

    /// <summary>Serves the operation that the first argument names.</summary>
    public static long Serve(ref HypercallCall call)
    {
        switch (call.Operation)
        {
            case 0: return Yield(ref call);
            case 1: return Block(ref call);
            case 2: return Shutdown(ref call);
            case 3: return Poll(ref call);
            case 4: return RemoteShutdown(ref call);
            case 5: return ShutdownCode(ref call);
            case 6: return Watchdog(ref call);
            case 7: return PinOverride(ref call);
            default: return XenError.ENOSYS;
        }
    }

    private static long Yield(ref HypercallCall call)
    {
        call.Domain.Kernel.Dispatcher.Yield(call.Vcpu);
        return 0;
    }

    // As HLT: what wakes the vCPU is an interrupt that it can take.
    private static long Block(ref HypercallCall call)
    {
        call.Vcpu.WantsBlock = true;
        return 0;
    }

    private static long Shutdown(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out uint reason))
            return XenError.EFAULT;

        call.Domain.Shutdown((ShutdownReason)(byte)reason);
        return 0;
    }

    private static long ShutdownCode(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out uint reason))
            return XenError.EFAULT;

        if (call.Domain.ShutdownCode < 0)
            call.Domain.ShutdownCode = (byte)reason;

        return 0;
    }

    private static long Poll(ref HypercallCall call)
    {
        Span<byte> bytes = stackalloc byte[PollSize];
        bytes = bytes.Slice(0, call.Is32 ? NarrowPollSize : PollSize);
        if (!call.TryReadBytes(call.Arg1, bytes))
            return XenError.EFAULT;

        ArgumentReader reader = new(bytes, call.Is32);
        ulong ports = reader.Native();
        uint count = reader.UInt32();
        ulong timeout = reader.UInt64();
        return count > MostPorts ? XenError.EINVAL : Poll(ref call, ports, count, timeout);
    }

    // The vCPU polls from before its ports are looked at: an event that comes in between wakes it.
    private static long Poll(ref HypercallCall call, ulong ports, uint count, ulong timeout)
    {
        Vcpu vcpu = call.Vcpu;
        vcpu.IsPolling = true;
        for (uint i = 0; i < count; i++)
        {
            bool isPending = false;
            long error = call.TryRead(ports + (i * sizeof(uint)), out uint port)
                ? call.Domain.Events.Poll(port, out isPending)
                : XenError.EFAULT;
            if (error != 0 || isPending)
            {
                vcpu.IsPolling = false;
                return error;
            }
        }

        if (timeout != 0)
            vcpu.Timers.StartPoll(timeout);
        else
            vcpu.Timers.StopPoll();

        vcpu.WantsBlock = true;
        return 0;
    }

    private static long RemoteShutdown(ref HypercallCall call)
    {
        // The domain, then the reason.
        if (!call.TryRead(call.Arg1, out ulong argument))
            return XenError.EFAULT;

        using TargetDomain target = new(in call, (ushort)argument, Privilege.Control, unsealed: false);
        if (target.Error != 0)
            return target.Error;

        if (!target.IsForeign || !call.Domain.MaySteer(target.Domain))
            return XenError.EPERM;

        target.Domain.Shutdown((ShutdownReason)(byte)(argument >> 32), "from outside"u8);
        return 0;
    }

    private static long Watchdog(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out ulong argument))
            return XenError.EFAULT;

        return call.Domain.Watchdogs.Set((uint)argument, (uint)(argument >> 32));
    }

    private static long PinOverride(ref HypercallCall call) => XenError.EPERM;
}
