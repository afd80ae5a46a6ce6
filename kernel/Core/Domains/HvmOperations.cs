using Microkernel.Core.Abi;
using Microkernel.Core.Events;
using Microkernel.Core.Hardware;
using Microkernel.Core.Hypercalls;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Domains;

/// <summary>hvm_op (xen/hvm/hvm_op.h), as a guest may use it on itself.</summary>
public static class HvmOperations
{
    private const string Test = "hvm";
    private const ulong TypeVector = 2;
    private const int TypeShift = 56;
    private const byte LowestVector = 0x10;
    private const ushort MemoryReadWrite = 0;
    private const ushort MemoryReadOnly = 1;
    private const ushort MemoryDevice = 2;

    /// <summary>The operations.</summary>
    public static readonly SubOperation[] Table =
    [
        new(0, "set_param", Test),
        new(1, "get_param", Test),
        new(5, "flush_tlbs", Test),
        new(9, "pagetable_dying", Test) { Note = "EINVAL: nested paging needs no hint" },
        new(10, "get_time", Test),
        new(15, "get_mem_type", Test),
        new(23, "set_evtchn_upcall_vector", Test),
        new(24, "guest_request_vm_event", Test) { Note = "nobody listens" },
        new(25, "altp2m", Test) { Note = "EOPNOTSUPP" },
    ];

    /// <summary>Serves the operation that the first argument names.</summary>
    public static long Serve(ref HypercallCall call)
    {
        switch (call.Operation)
        {
            case 0: return SetParameter(ref call);
            case 1: return GetParameter(ref call);
            case 5: return FlushTlbs(ref call);
            case 9: return PageTableDying(ref call);
            case 10: return GetTime(ref call);
            case 15: return GetMemoryType(ref call);
            case 23: return SetUpcallVector(ref call);
            case 24: return RequestVmEvent(ref call);
            case 25: return Unsupported(ref call);
            default: return XenError.ENOSYS;
        }
    }

    private static long SetParameter(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out HvmAbi.ParameterArgument parameter))
            return XenError.EFAULT;

        if (parameter.Index >= HvmParameters.Count)
            return XenError.EINVAL;

        using TargetDomain target = new(in call, parameter.Domain, Privilege.Build, unsealed: true);
        long error = target.Error != 0 ? target.Error : HvmParameterRules.CheckSet(parameter.Index, parameter.Value, target.IsForeign);
        if (error != 0)
            return error;

        target.Domain.Parameters[(int)parameter.Index] = parameter.Value;
        if (parameter.Index == HvmParameters.CallbackIrq)
            SetCallback(target.Domain, call.Is32, parameter.Value);

        return 0;
    }

    // Types other than a vector need interrupt controllers that a PVH guest does not have: they change nothing, as on Xen.
    private static void SetCallback(Domain domain, bool is32, ulong value)
    {
        if (value >> TypeShift == TypeVector)
            domain.Parameters.CallbackVector = (byte)value;

        SharedInfo.Latch(domain, is32);
        foreach (Vcpu vcpu in domain.Vcpus)
        {
            if (VcpuInfo.IsUpcallPending(vcpu))
                vcpu.RaiseUpcall();
        }
    }

    private static long GetParameter(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out HvmAbi.ParameterArgument parameter))
            return XenError.EFAULT;

        if (parameter.Index >= HvmParameters.Count)
            return XenError.EINVAL;

        using TargetDomain target = new(in call, parameter.Domain, Privilege.Build, unsealed: false);
        long error = target.Error != 0 ? target.Error : HvmParameterRules.CheckGet(parameter.Index, target.IsForeign);
        if (error != 0)
            return error;

        parameter.Value = target.Domain.Parameters[(int)parameter.Index];
        return call.Answer(call.Arg1, in parameter);
    }

    // The caller's own translations are meant; its vCPUs get a new tag or a flush before they run again.
    private static long FlushTlbs(ref HypercallCall call)
    {
        if (call.Arg1 != 0)
            return XenError.EINVAL;

        call.Domain.Memory.Tlb.Shootdown();
        return 0;
    }

    private static long PageTableDying(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out HvmAbi.ParameterArgument argument))
            return XenError.EFAULT;

        return DomainReference.Find(in call, argument.Domain) == null ? XenError.ESRCH : XenError.EINVAL;
    }

    private static long GetTime(ref HypercallCall call) =>
        call.Answer(call.Arg1, call.Domain.Kernel.Clock.Now());

    private static long GetMemoryType(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out HvmAbi.MemoryTypeArgument argument))
            return XenError.EFAULT;

        long error = DomainReference.CheckSelf(in call, argument.Domain);
        if (error != 0)
            return error;

        using (call.Domain.Physmap.Lock.Hold())
        {
            bool isMapped = call.Domain.Physmap.TryLookup(argument.Gfn, out _, out NestedAccess access);
            ushort type = (access & NestedAccess.Write) != 0 ? MemoryReadWrite : MemoryReadOnly;
            argument.Type = isMapped ? type : MemoryDevice;
        }

        return call.Answer(call.Arg1, in argument);
    }

    private static long SetUpcallVector(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out HvmAbi.UpcallVectorArgument argument))
            return XenError.EFAULT;

        if (argument.Vector < LowestVector)
            return XenError.EINVAL;

        if (argument.Vcpu >= (uint)call.Domain.Vcpus.Length)
            return XenError.ENOENT;

        Vcpu vcpu = call.Domain.Vcpus[(int)argument.Vcpu];
        vcpu.UpcallVector = argument.Vector;
        if (VcpuInfo.IsUpcallPending(vcpu))
            vcpu.RaiseUpcall();

        return 0;
    }

    private static long RequestVmEvent(ref HypercallCall call) => call.Arg1 == 0 ? 0 : XenError.EINVAL;

    private static long Unsupported(ref HypercallCall call) => XenError.EOPNOTSUPP;
}
