using System;
using System.Runtime.InteropServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Dispatch;
using Microkernel.Core.Domains;
using Microkernel.Core.Events;
using Microkernel.Core.Hypercalls;
using Microkernel.Core.Time;

namespace Microkernel.Core.Vcpus;

/// <summary>vcpu_op (xen/vcpu.h): the second argument is the number of the vCPU, the third points to the operation's structure.</summary>
public static class VcpuOperations
{
    private const string Test = "vcpu";
    private const ulong ShortestPeriod = 1_000_000;
    private const ulong LongestPeriod = 1UL << 54;
    private const uint MustBeInFuture = 1;

    /// <summary>The operations.</summary>
    public static readonly SubOperation[] Table =
    [
        new(0, "initialise", Test),
        new(1, "up", Test),
        new(2, "down", Test),
        new(3, "is_up", Test),
        new(4, "get_runstate_info", Test),
        new(5, "register_runstate_memory_area", Test),
        new(6, "set_periodic_timer", Test),
        new(7, "stop_periodic_timer", Test),
        new(8, "set_singleshot_timer", Test),
        new(9, "stop_singleshot_timer", Test),
        new(10, "register_vcpu_info", Test),
        new(11, "send_nmi", Test),
        new(12, "get_physid", Test) { Note = "EINVAL: no guest has a vCPU of its own CPU" },
        new(13, "register_vcpu_time_memory_area", Test),
        new(14, "register_runstate_phys_area", Test) { Note = "ENOSYS: came with Xen 4.18" },
        new(15, "register_vcpu_time_phys_area", Test) { Note = "ENOSYS: came with Xen 4.18" },
    ];

    /// <summary>Serves the operation that the first argument names.</summary>
    public static long Serve(ref HypercallCall call)
    {
        switch (call.Operation)
        {
            case 0: return Initialise(ref call);
            case 1: return Up(ref call);
            case 2: return Down(ref call);
            case 3: return IsUp(ref call);
            case 4: return GetRunstate(ref call);
            case 5: return RegisterRunstate(ref call);
            case 6: return SetPeriodicTimer(ref call);
            case 7: return StopPeriodicTimer(ref call);
            case 8: return SetSingleShotTimer(ref call);
            case 9: return StopSingleShotTimer(ref call);
            case 10: return RegisterInfo(ref call);
            case 11: return SendNmi(ref call);
            case 12: return GetPhysicalId(ref call);
            case 13: return RegisterTime(ref call);
            case 14 or 15: return NotThere(ref call);
            default: return XenError.ENOSYS;
        }
    }

    // False: the number of the vCPU is wrong.
    private static bool TryFind(in HypercallCall call, out Vcpu vcpu)
    {
        ReadOnlySpan<Vcpu> vcpus = call.Domain.Vcpus;
        bool exists = (uint)call.Arg1 < (uint)vcpus.Length;
        vcpu = vcpus[exists ? (int)(uint)call.Arg1 : 0];
        return exists;
    }

    private static long Initialise(ref HypercallCall call)
    {
        if (!TryFind(in call, out Vcpu vcpu))
            return XenError.ENOENT;

        Span<byte> bytes = stackalloc byte[VcpuStartContext.Size];
        if (!call.TryReadBytes(call.Arg2, bytes))
            return XenError.EFAULT;

        if (vcpu.IsInitialised || vcpu.State != VcpuState.Offline)
            return XenError.EEXIST;

        if (!VcpuStartContext.TryDecode(bytes, out Hardware.VcpuContext context))
            return XenError.EINVAL;

        using Hardware.TicketLock.Holder held = call.Domain.StartLock.Hold();
        if (vcpu.IsInitialised)
            return XenError.EEXIST;

        vcpu.Hardware.Reset(in context);
        vcpu.Hardware.TscOffset = call.Domain.Vcpus[0].Hardware.TscOffset;
        vcpu.IsInitialised = true;
        return 0;
    }

    private static long Up(ref HypercallCall call)
    {
        if (!TryFind(in call, out Vcpu vcpu))
            return XenError.ENOENT;

        if (!vcpu.IsInitialised)
            return XenError.EINVAL;

        vcpu.PostLocally(PendingWork.Clock);
        call.Domain.Kernel.Dispatcher.BringOnline(vcpu);
        return 0;
    }

    private static long Down(ref HypercallCall call)
    {
        if (!TryFind(in call, out Vcpu vcpu))
            return XenError.ENOENT;

        if (vcpu == call.Vcpu)
        {
            vcpu.GoOffline();
        }
        else if (vcpu.State != VcpuState.Offline)
        {
            vcpu.WantsOffline = true;
            vcpu.Post(PendingWork.Wake);
        }

        return 0;
    }

    // One that has been told to go counts as gone, whether or not its CPU has noticed.
    private static bool IsOnline(Vcpu vcpu) => vcpu.State != VcpuState.Offline && !vcpu.WantsOffline;

    private static long IsUp(ref HypercallCall call)
    {
        if (!TryFind(in call, out Vcpu vcpu))
            return XenError.ENOENT;

        return IsOnline(vcpu) ? 1 : 0;
    }

    private static long GetRunstate(ref HypercallCall call)
    {
        if (!TryFind(in call, out Vcpu vcpu))
            return XenError.ENOENT;

        Span<byte> bytes = stackalloc byte[Runstate.Size];
        int size = vcpu.Runstate.Read(bytes, call.Is32, now: true);
        return call.AnswerBytes(call.Arg2, bytes.Slice(0, size));
    }

    private static long RegisterRunstate(ref HypercallCall call)
    {
        if (!TryFind(in call, out Vcpu vcpu))
            return XenError.ENOENT;

        if (!TryReadAddress(in call, out ulong area))
            return XenError.EFAULT;

        vcpu.Runstate.Area = area;
        Span<byte> bytes = stackalloc byte[Runstate.Size];
        int size = vcpu.Runstate.Read(bytes, call.Domain.HasNarrowSharedInfo, now: vcpu != call.Vcpu);
        call.TryWriteBytes(area, bytes.Slice(0, size));
        return 0;
    }

    private static long RegisterTime(ref HypercallCall call)
    {
        if (!TryFind(in call, out Vcpu vcpu))
            return XenError.ENOENT;

        if (!TryReadAddress(in call, out ulong area))
            return XenError.EFAULT;

        vcpu.Runstate.TimeArea = area;
        if (vcpu == call.Vcpu)
            PvClock.Publish(vcpu);
        else
            vcpu.Post(PendingWork.Clock);

        return 0;
    }

    // A union of a handle, as wide as the caller's pointers, and a 64-bit address.
    private static bool TryReadAddress(in HypercallCall call, out ulong address)
    {
        bool read = call.TryRead(call.Arg2, out address);
        address = call.Is32 ? (uint)address : address;
        return read;
    }

    private static long SetPeriodicTimer(ref HypercallCall call)
    {
        if (!TryFind(in call, out Vcpu vcpu))
            return XenError.ENOENT;

        if (!call.TryRead(call.Arg2, out ulong period))
            return XenError.EFAULT;

        if (period < ShortestPeriod || period > LongestPeriod)
            return XenError.EINVAL;

        ulong ticks = call.Domain.Kernel.Clock.ToTicks(period);
        vcpu.Timers.Periodic.Start(call.Domain.Kernel.Machine.ReadTsc() + ticks, ticks);
        return 0;
    }

    private static long StopPeriodicTimer(ref HypercallCall call)
    {
        if (!TryFind(in call, out Vcpu vcpu))
            return XenError.ENOENT;

        vcpu.Timers.Periodic.Stop();
        return 0;
    }

    private static long SetSingleShotTimer(ref HypercallCall call)
    {
        if (!TryFind(in call, out Vcpu vcpu))
            return XenError.ENOENT;

        if (vcpu != call.Vcpu)
            return XenError.EINVAL;

        // 12 bytes for 32-bit callers, 16 with the padding of 64-bit ones.
        Span<byte> bytes = stackalloc byte[16];
        if (!call.TryReadBytes(call.Arg2, bytes.Slice(0, call.Is32 ? 12 : 16)))
            return XenError.EFAULT;

        ulong deadline = MemoryMarshal.Read<ulong>(bytes);
        uint flags = MemoryMarshal.Read<uint>(bytes.Slice(8));
        Clock clock = call.Domain.Kernel.Clock;
        if ((flags & MustBeInFuture) != 0 && deadline < clock.Now())
            return XenError.ETIME;

        vcpu.Timers.SingleShot.Start(clock.TscAt(deadline), 0);
        return 0;
    }

    private static long StopSingleShotTimer(ref HypercallCall call)
    {
        if (!TryFind(in call, out Vcpu vcpu))
            return XenError.ENOENT;

        if (vcpu != call.Vcpu)
            return XenError.EINVAL;

        vcpu.Timers.SingleShot.Stop();
        return 0;
    }

    private static long RegisterInfo(ref HypercallCall call)
    {
        if (!TryFind(in call, out Vcpu vcpu))
            return XenError.ENOENT;

        // A 64-bit frame number, the offset in it, and four bytes without meaning.
        Span<byte> bytes = stackalloc byte[16];
        if (!call.TryReadBytes(call.Arg2, bytes))
            return XenError.EFAULT;

        if (vcpu != call.Vcpu && vcpu.State != VcpuState.Offline)
            return XenError.EINVAL;

        ulong gfn = MemoryMarshal.Read<ulong>(bytes);
        return VcpuInfo.Register(vcpu, gfn, MemoryMarshal.Read<uint>(bytes.Slice(8)));
    }

    private static long SendNmi(ref HypercallCall call)
    {
        if (!TryFind(in call, out Vcpu vcpu))
            return XenError.ENOENT;

        if (call.Arg2 != 0)
            return XenError.EINVAL;

        vcpu.Post(PendingWork.Nmi);
        return 0;
    }

    private static long NotThere(ref HypercallCall call) => TryFind(in call, out _) ? XenError.ENOSYS : XenError.ENOENT;

    private static long GetPhysicalId(ref HypercallCall call) =>
        TryFind(in call, out _) ? XenError.EINVAL : XenError.ENOENT;
}
