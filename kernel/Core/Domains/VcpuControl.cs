using System;
using System.Runtime.InteropServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Dispatch;
using Microkernel.Core.Hypercalls;
using Microkernel.Core.Time;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Domains;

/// <summary>The operations of domctl on vCPUs: what they do, and how they share the CPUs.</summary>
public static class VcpuControl
{
    private const uint MaskBits = 64;

    /// <summary>XEN_DOMCTL_getvcpuinfo.</summary>
    public static long GetInfo(ref HypercallCall call, Domain target)
    {
        if (!call.TryRead(call.Arg0 + DomainControlAbi.UnionAt, out DomainControlAbi.VcpuInfo info))
            return XenError.EFAULT;

        if (info.Vcpu >= (uint)target.Vcpus.Length)
            return XenError.ESRCH;

        Vcpu vcpu = target.VcpuAt((int)info.Vcpu);
        VcpuState state = vcpu.State;
        info.IsOnline = state != VcpuState.Offline ? (byte)1 : (byte)0;
        info.IsBlocked = state == VcpuState.Blocked ? (byte)1 : (byte)0;
        info.IsRunning = state == VcpuState.Running ? (byte)1 : (byte)0;
        info.CpuTime = vcpu.Runstate.TimeIn(RunstateKind.Running);
        info.Cpu = (uint)vcpu.Cpu.Index;
        return call.Answer(call.Arg0 + DomainControlAbi.UnionAt, in info);
    }

    /// <summary>XEN_DOMCTL_setvcpuaffinity; the map that is in force goes back to the caller, as on Xen.</summary>
    public static long SetAffinity(ref HypercallCall call, Domain target)
    {
        long result = ReadAffinity(in call, target, out DomainControlAbi.Affinity affinity);
        if (result != 0)
            return result;

        if (affinity.Flags != DomainControlAbi.AffinityHard)
            return (affinity.Flags & DomainControlAbi.AffinitySoft) != 0 ? XenError.EOPNOTSUPP : XenError.EINVAL;

        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        bytes.Clear();
        int length = ((int)Math.Min(affinity.Hard.BitCount, MaskBits) + 7) / 8;
        if (!call.TryReadBytes(affinity.Hard.Bitmap, bytes.Slice(0, length)))
            return XenError.EFAULT;

        ulong mask = MemoryMarshal.Read<ulong>(bytes);
        mask &= affinity.Hard.BitCount < MaskBits ? (1UL << (int)affinity.Hard.BitCount) - 1 : ulong.MaxValue;
        mask &= target.Kernel.Plan.GuestCpus;
        if (mask == 0)
            return XenError.EINVAL;

        result = target.Kernel.Plan.TryPin(target.VcpuAt((int)affinity.Vcpu), mask);
        return result != 0 ? result : WriteMap(in call, in affinity.Hard, mask);
    }

    /// <summary>XEN_DOMCTL_getvcpuaffinity.</summary>
    public static long GetAffinity(ref HypercallCall call, Domain target)
    {
        long result = ReadAffinity(in call, target, out DomainControlAbi.Affinity affinity);
        if (result != 0)
            return result;

        ulong hard = target.VcpuAt((int)affinity.Vcpu).Scheduling.Pin;
        result = (affinity.Flags & DomainControlAbi.AffinityHard) != 0 ? WriteMap(in call, in affinity.Hard, hard) : 0;
        return result == 0 && (affinity.Flags & DomainControlAbi.AffinitySoft) != 0
            ? WriteMap(in call, in affinity.Soft, ulong.MaxValue)
            : result;
    }

    /// <summary>XEN_DOMCTL_scheduler_op: weight and cap of credit2, which all vCPUs of the domain have; the cap is divided among them.</summary>
    public static long Schedule(ref HypercallCall call, Domain target)
    {
        if (!call.TryRead(call.Arg0 + DomainControlAbi.UnionAt, out DomainControlAbi.Scheduling argument))
            return XenError.EFAULT;

        if (argument.Scheduler != DomainControlAbi.SchedulerCredit2 || target.Vcpus.Length == 0)
            return XenError.EINVAL;

        switch (argument.Command)
        {
            case DomainControlAbi.SchedulerPutInfo:
                return target.Kernel.Plan.TrySetShare(target, argument.Weight, argument.Cap);
            case DomainControlAbi.SchedulerGetInfo:
                argument.Weight = (ushort)target.VcpuAt(0).Scheduling.Weight;
                argument.Cap = CapOf(target);
                return call.Answer(call.Arg0 + DomainControlAbi.UnionAt, in argument);
            default:
                return XenError.EOPNOTSUPP;
        }
    }

    // In percent of a CPU, of all vCPUs together.
    private static ushort CapOf(Domain target)
    {
        ref SchedulingRules rules = ref target.VcpuAt(0).Rules;
        ulong count = (ulong)target.Vcpus.Length;
        return rules.Limit == 0 ? (ushort)0 : (ushort)(((rules.Limit * 100 * count) + (rules.Period / 2)) / rules.Period);
    }

    private static long ReadAffinity(in HypercallCall call, Domain target, out DomainControlAbi.Affinity affinity)
    {
        if (!call.TryRead(call.Arg0 + DomainControlAbi.UnionAt, out affinity))
            return XenError.EFAULT;

        return affinity.Vcpu < (uint)target.Vcpus.Length ? 0 : XenError.EINVAL;
    }

    // As many bytes as the caller has room for: CPUs past the map's end are not told.
    private static long WriteMap(in HypercallCall call, in DomainControlAbi.CpuMap map, ulong mask)
    {
        ulong known = mask & ((2UL << (call.Domain.Kernel.Cpus.Length - 1)) - 1);
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        MemoryMarshal.Write(bytes, in known);
        ulong length = Math.Min(((ulong)map.BitCount + 7) / 8, sizeof(ulong));
        return call.AnswerBytes(map.Bitmap, bytes.Slice(0, (int)length));
    }
}
