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
        new(DomainControlAbi.CreateDomain, "createdomain", Run, Test, Privilege.Build)
        {
            Note = "PVH domains; the id is a service's or 0 for the next; limits of ports and grants are the core's",
        },
        new(DomainControlAbi.DestroyDomain, "destroydomain", Run, Test, Privilege.Build),
        new DomainControlOperation(DomainControlAbi.PauseDomain, "pausedomain", Pause, Stopping) { Note = "a service: its builder only, EPERM for others" },
        new DomainControlOperation(DomainControlAbi.UnpauseDomain, "unpausedomain", Unpause, Stopping)
        {
            Note = "the first time it starts the domain and seals it: EINVAL if its vCPU 0 has no state; a service: its builder only",
        },
        new DomainControlOperation(DomainControlAbi.GetDomainInfo, "getdomaininfo", DomainInformation.Get, Looking)
        {
            Note = "ESRCH for a domain that does not exist, as from Xen 4.18 on",
        },
        new DomainControlOperation(DomainControlAbi.SetVcpuAffinity, "setvcpuaffinity", VcpuControl.SetAffinity, Privilege.Control)
        {
            Note = "hard affinity only; EBUSY for a service where tables leave it none of the CPUs",
        },
        new DomainControlOperation(DomainControlAbi.MaxMem, "max_mem", SetMaxMemory, Privilege.Build),
        new DomainControlOperation(DomainControlAbi.GetVcpuInfo, "getvcpuinfo", VcpuControl.GetInfo, Privilege.Info),
        new DomainControlOperation(DomainControlAbi.MaxVcpus, "max_vcpus", DomainCreation.SetVcpus, Privilege.Build, unsealed: true),
        new DomainControlOperation(DomainControlAbi.SchedulerOp, "scheduler_op", VcpuControl.Schedule, Privilege.Control)
        {
            Note = "credit2's weight and cap, of which each vCPU has its part; EPERM for a service's cap; EOPNOTSUPP for single vCPUs",
        },
        new DomainControlOperation(DomainControlAbi.SetDomainHandle, "setdomainhandle", SetHandle, Privilege.Build),
        new DomainControlOperation(DomainControlAbi.HypercallInit, "hypercall_init", WriteHypercallPage, Privilege.Build, unsealed: true),
        new DomainControlOperation(
            DomainControlAbi.GetVcpuAffinity, "getvcpuaffinity", VcpuControl.GetAffinity, Privilege.Control | Privilege.Info),
        new DomainControlOperation(DomainControlAbi.GetPagingMempoolSize, "get_paging_mempool_size", GetPool, Privilege.Build),
        new DomainControlOperation(DomainControlAbi.SetPagingMempoolSize, "set_paging_mempool_size", SetPool, Privilege.Build)
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

        SubOperation? operation = Find(Table, header.Command);
        if (operation == null)
            return XenError.ENOSYS;

        if (!operation.IsAllowed(call.Domain))
            return XenError.EPERM;

        if (operation is DomainControlOperation onDomain)
            return RunOn(ref call, header.Domain, onDomain);

        return header.Command == DomainControlAbi.CreateDomain ? DomainCreation.Create(ref call, header.Domain) : Destroy(ref call, header.Domain);
    }

    /// <summary>The row of an operation, or null.</summary>
    public static SubOperation? Find(SubOperation[] table, uint number)
    {
        foreach (SubOperation row in table)
        {
            if (row.Number == number)
                return row;
        }

        return null;
    }

    private static long RunOn(ref HypercallCall call, ushort id, DomainControlOperation operation)
    {
        using TargetDomain target = new(in call, id, operation.Privileges, operation.IsUnsealed);
        if (target.Error != 0)
            return target.Error;

        bool isSealed = operation.IsUnsealed && !target.IsForeign;
        return isSealed ? XenError.EINVAL : operation.Serve(ref call, target.Domain);
    }

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
        return call.TryWrite(call.Arg0 + DomainControlAbi.UnionAt, size) ? 0 : XenError.EFAULT;
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
