using System;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Hypercalls;

namespace Microkernel.Core.Memory;

/// <summary>The operations of memory_op that place pages in a domain's physical address space.</summary>
public static class PhysmapOperations
{
    /// <summary>XENMEM_add_to_physmap: one page or, within guest memory, a range.</summary>
    public static long Add(ref HypercallCall call)
    {
        Span<byte> bytes = stackalloc byte[MemoryAbi.AddToPhysmapSize];
        if (!call.TryReadBytes(call.Arg1, bytes.Slice(0, call.Is32 ? MemoryAbi.AddToPhysmapSize32 : bytes.Length)))
            return XenError.EFAULT;

        ArgumentReader reader = new(bytes, call.Is32);
        ushort id = reader.UInt16();
        uint size = reader.UInt16();
        uint space = reader.UInt32();
        ulong index = reader.Native();
        ulong gfn = reader.Native();
        if (space == MemoryAbi.SpaceGmfnForeign)
            return XenError.ENOSYS;

        long result = DomainArgument.CheckSelf(in call, id);
        if (result != 0)
            return result;

        return space == MemoryAbi.SpaceGmfnRange
            ? AddRange(ref call, index, gfn, size)
            : AddOne(call.Domain, space, index, gfn);
    }

    /// <summary>XENMEM_add_to_physmap_batch: pages with an error code for each.</summary>
    public static long AddBatch(ref HypercallCall call)
    {
        Span<byte> bytes = stackalloc byte[MemoryAbi.AddToPhysmapBatchSize];
        if (!call.TryReadBytes(call.Arg1, bytes.Slice(0, call.Is32 ? MemoryAbi.AddToPhysmapBatchSize32 : bytes.Length)))
            return XenError.EFAULT;

        ArgumentReader reader = new(bytes, call.Is32);
        long result = DomainArgument.CheckSelf(in call, reader.UInt16());
        if (result != 0)
            return result;

        uint space = reader.UInt16();
        uint size = reader.UInt16();
        ushort extra = reader.UInt16();
        uint done = (uint)call.Arg0 >> MemoryAbi.ExtentShift;
        if (size <= done)
            return size == done && done == 0 ? 0 : XenError.EILSEQ;

        if (space == MemoryAbi.SpaceGmfnRange || (space == MemoryAbi.SpaceDeviceMmio && extra != 0))
            return XenError.EOPNOTSUPP;

        long foreign = space == MemoryAbi.SpaceGmfnForeign ? ForeignError(in call, extra) : 0;
        return AddElements(ref call, new Batch(reader.Native(), reader.Native(), reader.Native()), space, foreign, done, size);
    }

    /// <summary>XENMEM_remove_from_physmap. Guest memory is given up with its place; Xen keeps it out of reach instead.</summary>
    public static long Remove(ref HypercallCall call)
    {
        Span<byte> bytes = stackalloc byte[MemoryAbi.RemoveFromPhysmapSize];
        if ((uint)call.Arg0 >> MemoryAbi.ExtentShift != 0)
            return XenError.EINVAL;

        if (!call.TryReadBytes(call.Arg1, bytes.Slice(0, call.Is32 ? MemoryAbi.RemoveFromPhysmapSize32 : bytes.Length)))
            return XenError.EFAULT;

        ArgumentReader reader = new(bytes, call.Is32);
        long result = DomainArgument.CheckSelf(in call, reader.UInt16());
        return result != 0 ? result : call.Domain.Memory.RemovePage(reader.Native());
    }

    private static long AddRange(ref HypercallCall call, ulong index, ulong gfn, uint size)
    {
        for (uint done = (uint)call.Arg0 >> MemoryAbi.ExtentShift; done < size; done++)
        {
            long result = AddOne(call.Domain, MemoryAbi.SpaceGmfn, index + done, gfn + done);
            if (result != 0)
                return result;

            if (done + 1 < size && call.ShouldPreempt)
                return ContinueAt(ref call, done + 1);
        }

        return 0;
    }

    private static long AddElements(ref HypercallCall call, Batch batch, uint space, long foreign, uint done, uint size)
    {
        while (done < size)
        {
            if (!GuestArray.TryRead(in call, batch.Indexes, done, out ulong index)
                || !GuestArray.TryRead(in call, batch.Gfns, done, out ulong gfn))
            {
                return XenError.EFAULT;
            }

            long result = foreign != 0 ? foreign : AddOne(call.Domain, space, index, gfn);
            if (!call.TryWrite(batch.Errors + done * sizeof(int), (int)result))
                return XenError.EFAULT;

            if (++done < size && call.ShouldPreempt)
                return ContinueAt(ref call, done);
        }

        return 0;
    }

    private static long AddOne(Domain domain, uint space, ulong index, ulong gfn)
    {
        switch (GuestChoice.Bound(space))
        {
            case MemoryAbi.SpaceSharedInfo:
                return index == 0 ? domain.Memory.MapShared(gfn, domain.SharedInfoMfn) : XenError.EINVAL;
            case MemoryAbi.SpaceGrantTable:
                return domain.Grants.MapFrame(index, gfn);
            case MemoryAbi.SpaceGmfn:
            case MemoryAbi.SpaceGmfnRange:
                return domain.Memory.MovePage(index, gfn);
            case MemoryAbi.SpaceDeviceMmio:
                return XenError.EACCES;
            default:
                return XenError.EINVAL;
        }
    }

    // Mapping another domain's pages without a grant takes a privilege that no guest has.
    private static long ForeignError(in HypercallCall call, ushort id)
    {
        long result = DomainArgument.CheckSelf(in call, id);
        return result == 0 ? XenError.EINVAL : result;
    }

    internal static long ContinueAt(ref HypercallCall call, uint extent)
    {
        uint operation = (uint)call.Arg0 & (1 << MemoryAbi.ExtentShift) - 1;
        call.Arg0 = operation | extent << MemoryAbi.ExtentShift;
        return call.Continue();
    }

    private readonly struct Batch(ulong indexes, ulong gfns, ulong errors)
    {
        public readonly ulong Indexes = indexes;
        public readonly ulong Gfns = gfns;
        public readonly ulong Errors = errors;
    }
}
