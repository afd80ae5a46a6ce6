using Microkernel.Core.Abi;
using Microkernel.Core.Hardware;
using Microkernel.Core.Hypercalls;
using Microkernel.Core.Memory;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Domains;

/// <summary>
/// domctl (xen/domctl.h): struct xen_domctl names operation, interface version and domain. Privilege, domain and seal are checked here, for
/// all operations.
/// </summary>
public static class DomainControl
{
    private const string Test = "domctl";
    private const int MostPauses = 255;
    private const int KilobytesPerFrameShift = 2;
    private const Privilege Stopping = Privilege.Build | Privilege.Control;
    private const Privilege Looking = Privilege.Build | Privilege.Info;

    // In the second argument of a call that goes on, with the domain's generation added.
    private const uint Continued = 0xD0C7_0000;

    /// <summary>The operations.</summary>
    public static readonly SubOperation[] Table =
    [
        new(DomainControlAbi.CreateDomain, "createdomain", Test, Privilege.Build)
        {
            Note = "PVH domains; the id is a service's or 0 for the next; limits of ports and grants are the core's",
        },
        new(DomainControlAbi.DestroyDomain, "destroydomain", Test, Privilege.Build),
        new(DomainControlAbi.PauseDomain, "pausedomain", Test, Stopping) { Note = "a service: its builder only, EPERM for others" },
        new(DomainControlAbi.UnpauseDomain, "unpausedomain", Test, Stopping)
        {
            Note = "the first time it starts the domain and seals it: EINVAL if its vCPU 0 has no state; a service: its builder only",
        },
        new(DomainControlAbi.GetDomainInfo, "getdomaininfo", Test, Looking)
        {
            Note = "ESRCH for a domain that does not exist, as from Xen 4.18 on",
        },
        new(DomainControlAbi.SetVcpuAffinity, "setvcpuaffinity", Test, Privilege.Control)
        {
            Note = "hard affinity only; EBUSY for a service where tables leave it none of the CPUs",
        },
        new(DomainControlAbi.MaxMem, "max_mem", Test, Privilege.Build),
        new(DomainControlAbi.GetVcpuInfo, "getvcpuinfo", Test, Privilege.Info),
        new(DomainControlAbi.MaxVcpus, "max_vcpus", Test, Privilege.Build),
        new(DomainControlAbi.SchedulerOp, "scheduler_op", Test, Privilege.Control)
        {
            Note = "credit2's weight and cap, of which each vCPU has its part; EPERM for a service's cap; EOPNOTSUPP for single vCPUs",
        },
        new(DomainControlAbi.SetDomainHandle, "setdomainhandle", Test, Privilege.Build),
        new(DomainControlAbi.HypercallInit, "hypercall_init", Test, Privilege.Build),
        new(DomainControlAbi.GetVcpuAffinity, "getvcpuaffinity", Test, Privilege.Control | Privilege.Info),
        new(DomainControlAbi.GetPagingMempoolSize, "get_paging_mempool_size", Test, Privilege.Build),
        new(DomainControlAbi.SetPagingMempoolSize, "set_paging_mempool_size", Test, Privilege.Build)
        {
            Note = "everything that the core keeps for the domain comes out of it",
        },
    ];

    /// <summary>Serves every operation.</summary>
    public static long Run(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg0, out DomainControlAbi.Header header))
            return XenError.EFAULT;

        if (header.InterfaceVersion != DomainControlAbi.InterfaceVersion)
            return XenError.EACCES;

        Privilege privileges = PrivilegesFor(header.Command);
        if (privileges == Privilege.None)
            return XenError.ENOSYS;

        if (!call.Holds(privileges))
            return XenError.EPERM;

        return header.Command switch
        {
            DomainControlAbi.CreateDomain => DomainCreation.Create(ref call, header.Domain),
            DomainControlAbi.DestroyDomain => Destroy(ref call, header.Domain),
            _ => RunOn(ref call, header, privileges),
        };
    }

    // None: there is no such operation.
    private static Privilege PrivilegesFor(uint command) => GuestChoice.Bound(command) switch
    {
        DomainControlAbi.PauseDomain or DomainControlAbi.UnpauseDomain => Stopping,
        DomainControlAbi.GetDomainInfo => Looking,
        DomainControlAbi.GetVcpuInfo => Privilege.Info,
        DomainControlAbi.GetVcpuAffinity => Privilege.Control | Privilege.Info,
        DomainControlAbi.SetVcpuAffinity or DomainControlAbi.SchedulerOp => Privilege.Control,
        DomainControlAbi.CreateDomain or DomainControlAbi.DestroyDomain
            or DomainControlAbi.MaxMem or DomainControlAbi.MaxVcpus
            or DomainControlAbi.SetDomainHandle or DomainControlAbi.HypercallInit
            or DomainControlAbi.GetPagingMempoolSize or DomainControlAbi.SetPagingMempoolSize => Privilege.Build,
        _ => Privilege.None,
    };

    private static long RunOn(ref HypercallCall call, DomainControlAbi.Header header, Privilege privileges)
    {
        // These write what is sealed when the domain starts.
        bool unsealed = header.Command is DomainControlAbi.MaxVcpus or DomainControlAbi.HypercallInit;
        using TargetDomain target = new(in call, header.Domain, privileges, unsealed);
        if (target.Error != 0)
            return target.Error;

        return unsealed && !target.IsForeign ? XenError.EINVAL : RunOn(ref call, target.Domain, header.Command);
    }

    private static long RunOn(ref HypercallCall call, Domain target, uint command) => GuestChoice.Bound(command) switch
    {
        DomainControlAbi.PauseDomain => Pause(ref call, target),
        DomainControlAbi.UnpauseDomain => Unpause(ref call, target),
        DomainControlAbi.GetDomainInfo => DomainInformation.Get(ref call, target),
        DomainControlAbi.SetVcpuAffinity => VcpuControl.SetAffinity(ref call, target),
        DomainControlAbi.MaxMem => SetMaxMemory(ref call, target),
        DomainControlAbi.GetVcpuInfo => VcpuControl.GetInfo(ref call, target),
        DomainControlAbi.MaxVcpus => DomainCreation.SetVcpus(ref call, target),
        DomainControlAbi.SchedulerOp => VcpuControl.Schedule(ref call, target),
        DomainControlAbi.SetDomainHandle => SetHandle(ref call, target),
        DomainControlAbi.HypercallInit => WriteHypercallPage(ref call, target),
        DomainControlAbi.GetVcpuAffinity => VcpuControl.GetAffinity(ref call, target),
        DomainControlAbi.GetPagingMempoolSize => GetPool(ref call, target),
        DomainControlAbi.SetPagingMempoolSize => SetPool(ref call, target),
        _ => XenError.ENOSYS,
    };

    // Goes on until the domain is gone: the pieces are done between slices.
    private static long Destroy(ref HypercallCall call, ushort id)
    {
        DomainTable domains = call.Domain.Kernel.Domains;
        uint generation = (uint)call.Arg1 - Continued;
        if (generation - 1 >= domains.LastGeneration)
        {
            using TargetDomain target = new(in call, id, Privilege.Build, unsealed: false);
            if (target.Error != 0)
                return target.Error;

            // The core's own domains come and go by the manifest.
            if (!target.IsForeign || !target.Domain.IsMade)
                return XenError.EINVAL;

            if (!target.Domain.IsDoomed)
                target.Domain.Destroy();

            generation = target.Domain.Generation;
        }
        else if (domains.Find(id)?.Generation != generation)
        {
            // A service's next incarnation, which has the same id, stays.
            return 0;
        }

        call.Arg1 = Continued + generation;
        call.Domain.Kernel.Dispatcher.Yield(call.Vcpu);
        return call.Continue();
    }

    // When it returns, no vCPU of the domain runs.
    private static long Pause(ref HypercallCall call, Domain target)
    {
        if (target == call.Domain)
            return XenError.EINVAL;

        if (!call.Domain.MaySteer(target))
            return XenError.EPERM;

        ulong continued = Continued + target.Generation;
        if ((uint)call.Arg1 != continued)
        {
            if (target.PauseCount == MostPauses)
                return XenError.EOVERFLOW;

            target.Pause();
        }

        bool stopped = true;
        foreach (Vcpu vcpu in target.Vcpus)
            stopped &= target.Kernel.Dispatcher.TryStop(vcpu);

        call.Arg1 = continued;
        return stopped ? 0 : call.Continue();
    }

    private static long Unpause(ref HypercallCall call, Domain target)
    {
        if (target == call.Domain || target.PauseCount == 0)
            return XenError.EINVAL;

        if (!call.Domain.MaySteer(target))
            return XenError.EPERM;

        bool starts = target.State == DomainState.Created && target.PauseCount == 1 && !target.IsEnding;
        if (starts && !DomainCreation.TryFinish(target))
            return XenError.EINVAL;

        target.Unpause();
        if (starts)
            target.Kernel.LifeCycle.Start(target);

        return 0;
    }

    private static long SetMaxMemory(ref HypercallCall call, Domain target)
    {
        if (!call.TryRead(call.Arg0 + DomainControlAbi.UnionAt, out ulong kilobytes))
            return XenError.EFAULT;

        target.Memory.MaxPages = kilobytes >> KilobytesPerFrameShift;
        return 0;
    }

    private static long SetHandle(ref HypercallCall call, Domain target) =>
        call.TryReadBytes(call.Arg0 + DomainControlAbi.UnionAt, target.Handle) ? 0 : XenError.EFAULT;

    private static long WriteHypercallPage(ref HypercallCall call, Domain target)
    {
        if (!call.TryRead(call.Arg0 + DomainControlAbi.UnionAt, out ulong gfn))
            return XenError.EFAULT;

        return HypercallPage.TryWrite(target, gfn) ? 0 : XenError.EACCES;
    }

    private static long GetPool(ref HypercallCall call, Domain target)
    {
        ulong size = (ulong)target.Pool.Size << PhysicalMemory.FrameShift;
        return call.Answer(call.Arg0 + DomainControlAbi.UnionAt, size);
    }

    private static long SetPool(ref HypercallCall call, Domain target)
    {
        if (!call.TryRead(call.Arg0 + DomainControlAbi.UnionAt, out ulong size))
            return XenError.EFAULT;

        if (size % PhysicalMemory.FrameSize != 0 || size >> PhysicalMemory.FrameShift > FramePool.MostFrames)
            return XenError.EINVAL;

        return target.Memory.ResizePool((int)(size >> PhysicalMemory.FrameShift), out long result) ? result : call.Continue();
    }
}
