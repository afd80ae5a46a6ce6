using System;
using System.Runtime.InteropServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Boot;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Hypercalls;

/// <summary>
/// The operations of service_op by which a domain that has not started gets its content. They write only: nobody reads another domain.
/// </summary>
public static class DomainBuildingOperations
{
    /// <summary>Serves the operation that the first argument names, for who may build.</summary>
    public static long Serve(ref HypercallCall call) => !call.Domain.MayBuild ? XenError.EPERM : call.Operation switch
    {
        DomainBuildingAbi.CopyObject => CopyObject(ref call),
        DomainBuildingAbi.CopyTo => CopyTo(ref call),
        DomainBuildingAbi.SetEntry => SetEntry(ref call),
        DomainBuildingAbi.SeedGrant => SeedGrant(ref call),
        DomainBuildingAbi.AttachConsole => AttachConsole(ref call),
        _ => XenError.ENOSYS,
    };

    // A long copy goes on later: the caller's structure says then what is left.
    private static long CopyObject(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out DomainBuildingAbi.ObjectCopy copy))
            return XenError.EFAULT;

        Kernel kernel = call.Domain.Kernel;
        if (copy.Object >= (uint)kernel.Boot.Modules.Length)
            return XenError.ENOENT;

        using TargetDomain target = Find(in call, copy.Domain);
        if (target.Error != 0)
            return target.Error;

        ModuleReader module = new(kernel.Machine.Memory, kernel.Boot.Modules[(int)copy.Object]);
        GuestWriter writer = new(target.Domain);
        while (copy.Length != 0)
        {
            ulong count = Math.Min(copy.Length, DomainBuildingAbi.MostBytes);
            if (!writer.TryCopy(copy.Address, in module, copy.Offset, count))
                return XenError.EINVAL;

            copy.Offset += count;
            copy.Address += count;
            copy.Length -= count;
            if (copy.Length != 0 && call.ShouldPreempt)
                return call.TryWrite(call.Arg1, in copy) ? call.Continue() : XenError.EFAULT;
        }

        return 0;
    }

    private static long CopyTo(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out DomainBuildingAbi.Copy copy))
            return XenError.EFAULT;

        if (copy.Length > DomainBuildingAbi.MostBytes)
            return XenError.EINVAL;

        using TargetDomain target = Find(in call, copy.Domain);
        if (target.Error != 0)
            return target.Error;

        GuestWriter writer = new(target.Domain);
        while (copy.Length != 0)
        {
            int within = (int)(copy.Address & (PhysicalMemory.FrameSize - 1));
            int count = (int)Math.Min(copy.Length, (uint)(PhysicalMemory.FrameSize - within));
            if (!writer.TryFind(copy.Address, out ulong mfn))
                return XenError.EINVAL;

            using FrameView view = new(call.Domain.Kernel.Machine.Memory, mfn);
            if (!call.TryReadBytes(copy.Buffer, view.Bytes.Slice(within, count)))
                return XenError.EFAULT;

            copy.Address += (uint)count;
            copy.Buffer += (uint)count;
            copy.Length -= (uint)count;
        }

        return 0;
    }

    // The domain (four bytes and four without meaning), then struct vcpu_hvm_context.
    private static long SetEntry(ref HypercallCall call)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong) + VcpuStartContext.Size];
        if (!call.TryReadBytes(call.Arg1, bytes))
            return XenError.EFAULT;

        using TargetDomain target = Find(in call, MemoryMarshal.Read<uint>(bytes));
        if (target.Error != 0)
            return target.Error;

        if (target.Domain.Vcpus.Length == 0 || !VcpuStartContext.TryDecode(bytes.Slice(sizeof(ulong)), out VcpuContext context))
            return XenError.EINVAL;

        Vcpu vcpu = target.Domain.VcpuAt(0);
        vcpu.Hardware.Reset(in context);
        vcpu.IsInitialised = true;
        return 0;
    }

    private static long SeedGrant(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out DomainBuildingAbi.Grant grant))
            return XenError.EFAULT;

        using TargetDomain target = Find(in call, grant.Domain);
        if (target.Error != 0)
            return target.Error;

        bool isValid = grant.Reference < GrantAbi.ReservedEntries && grant.Backend < DomainIds.FirstReserved && grant.Gfn <= uint.MaxValue;
        return isValid && target.Domain.Grants.TrySeed(grant.Reference, (ushort)grant.Backend, (uint)grant.Gfn) ? 0 : XenError.EINVAL;
    }

    private static long AttachConsole(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out uint id))
            return XenError.EFAULT;

        using TargetDomain target = Find(in call, id);
        if (target.Error != 0)
            return target.Error;

        Domain domain = target.Domain;
        if (domain.Console.IsAttached)
            return XenError.EEXIST;

        bool mayAttach = domain.Config.IsService && domain.Vcpus.Length != 0;
        return mayAttach && domain.Console.TryAttach() ? 0 : XenError.EINVAL;
    }

    // A domain that has not started, so never the caller's own.
    private static TargetDomain Find(in HypercallCall call, uint id) => new(
        in call, id < DomainIds.FirstReserved && id != call.Domain.Id ? (ushort)id : DomainIds.Invalid, Privilege.Build, unsealed: true);
}
