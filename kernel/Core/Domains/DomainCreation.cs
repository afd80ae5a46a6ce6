using System;
using System.Runtime.InteropServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Hypercalls;
using Microkernel.Core.Memory;
using Microkernel.Core.Time;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Domains;

/// <summary>Domains that domctl makes: from an empty slot to the state in which the first vCPU can run.</summary>
public static class DomainCreation
{
    // What the pool has before XEN_DOMCTL_set_paging_mempool_size says more: the root of the page tables, shared_info, a grant table.
    private const int FirstPoolFrames = 32;

    private const uint FlagsKnown = DomainControlAbi.CreateHvm | DomainControlAbi.CreateHap | DomainControlAbi.CreateStoreDomain;
    private const uint GrantVersionMask = 0xF;

    /// <summary>XEN_DOMCTL_createdomain; the new domain's id goes into the caller's structure. The domain is paused once.</summary>
    public static long Create(ref HypercallCall call, ushort id)
    {
        if (!call.TryRead(call.Arg0 + DomainControlAbi.UnionAt, out DomainControlAbi.Creation wanted))
            return XenError.EFAULT;

        DomainTable domains = call.Domain.Kernel.Domains;
        if (!IsPossible(in wanted))
            return XenError.EINVAL;

        long result = domains.TryReserve(id < DomainIds.FirstReserved ? id : (ushort)0, out Domain? slot);
        if (result != 0)
            return result;

        Domain domain = slot!;
        using Hardware.TicketLock.Holder held = domain.ControlLock.Hold();
        domains.Assign(domain);
        domain.Pause();
        domain.Config.VcpuCount = (int)wanted.MaxVcpus;
        domain.Config.GrantV2 = (wanted.GrantOptions & GrantVersionMask) > 1;
        MemoryMarshal.Write(domain.Handle, in wanted.Handle);
        result = TryFill(domain) ? 0 : XenError.ENOMEM;
        if (result == 0 && !call.TryWrite(call.Arg0 + DomainControlAbi.DomainAt, domain.Id))
            result = XenError.EFAULT;

        if (result != 0)
            domain.Destroy();

        return result;
    }

    /// <summary>XEN_DOMCTL_max_vcpus: gives the domain the vCPUs that it was created for.</summary>
    public static long SetVcpus(ref HypercallCall call, Domain domain)
    {
        if (!call.TryRead(call.Arg0 + DomainControlAbi.UnionAt, out uint count))
            return XenError.EFAULT;

        if (count != (uint)domain.Config.VcpuCount)
            return XenError.EINVAL;

        // Once they are there: nothing to do, as on Xen.
        if (domain.Vcpus.Length != 0)
            return 0;

        using Hardware.TicketLock.Holder held = domain.Kernel.Plan.Lock.Hold();
        if (!domain.TryTakeVcpus((int)count))
            return XenError.ENOMEM;

        foreach (Vcpu vcpu in domain.Vcpus)
            vcpu.ResetForNewDomain();

        domain.PlaceVcpuInfos();
        return 0;
    }

    /// <summary>The domain is about to start: its clocks begin. False: vCPU 0 has no state to start with.</summary>
    public static bool TryFinish(Domain domain)
    {
        if (domain.Vcpus.Length == 0 || !domain.VcpuAt(0).IsInitialised)
            return false;

        StartClocks(domain);
        return true;
    }

    /// <summary>The guest-visible time stamp counters start at 0, and the address space is put under all vCPUs.</summary>
    public static void StartClocks(Domain domain)
    {
        Kernel kernel = domain.Kernel;
        domain.StartTsc = kernel.Clock.WholeBefore(kernel.Machine.ReadTsc());
        foreach (Vcpu vcpu in domain.Vcpus)
        {
            vcpu.Hardware.NestedRoot = domain.Physmap.Root;
            vcpu.Hardware.TscOffset = 0 - domain.StartTsc;
        }

        PvClock.Start(domain);
    }

    private static bool IsPossible(in DomainControlAbi.Creation wanted)
    {
        uint most = (uint)DomainConfig.MostVcpus;
        return (wanted.Flags & DomainControlAbi.CreateHvm) != 0 && (wanted.Flags & ~FlagsKnown) == 0
            && (wanted.EmulationFlags & ~DomainControlAbi.EmulateLocalApic) == 0 && wanted.MaxVcpus - 1 < most
            && (wanted.IommuOptions | wanted.TraceSize | wanted.CpuPool | wanted.MiscFlags) == 0
            && (wanted.GrantOptions & GrantVersionMask) <= 2;
    }

    private static bool TryFill(Domain domain)
    {
        if (!domain.Memory.TryReset(domain.Id, 0, FirstPoolFrames) || !domain.Pool.TryTake(FrameType.Shared, out ulong sharedInfo))
            return false;

        domain.SharedInfoMfn = sharedInfo;
        return domain.Events.TryReset() && domain.Grants.TryReset() && domain.TryMapDevices();
    }
}
