using System;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hypercalls;

namespace Microkernel.Core.Memory;

/// <summary>XENMEM_acquire_resource (struct xen_mem_acquire_resource): places memory that the core lends in the caller's address space.</summary>
public static class ResourceOperations
{
    /// <summary>Maps a part of a ring or of kept memory at the pages of a list; without a list, the size of the resource.</summary>
    public static long Acquire(ref HypercallCall call)
    {
        Span<byte> bytes = stackalloc byte[MemoryAbi.AcquireResourceSize];
        if (!call.TryReadBytes(call.Arg1, bytes.Slice(0, call.Is32 ? MemoryAbi.AcquireResourceSize32 : bytes.Length)))
            return XenError.EFAULT;

        ArgumentReader reader = new(bytes, call.Is32);
        ushort id = reader.UInt16();
        ushort type = reader.UInt16();
        uint resource = reader.UInt32();
        uint count = reader.UInt32();
        uint padding = reader.UInt32();
        ulong first = reader.UInt64();
        ulong list = reader.Native();
        long result = padding != 0 ? XenError.EINVAL : DomainArgument.CheckSelf(in call, id);
        LentMemory? memory = null;
        result = result != 0 ? result : Find(call.Domain, type, resource, out memory);
        if (result != 0)
            return result;

        if (list == 0)
            return WriteSize(in call, memory!, count);

        ulong size = (ulong)memory!.Count;
        return first > size || count > size - first ? XenError.EINVAL : MapAll(ref call, memory, (int)first, list, count);
    }

    private static long Find(Domain domain, ushort type, uint resource, out LentMemory? memory)
    {
        memory = null;
        RingConfig[] rings = domain.Kernel.Domains.Rings;
        if (type == MemoryAbi.ResourceRing && resource < (uint)rings.Length && rings[(int)resource].Joins(domain.Id))
            memory = rings[(int)resource].Memory;
        else if (type == MemoryAbi.ResourceKept && resource == 0 && domain.Config.Kept.Count != 0)
            memory = domain.Config.Kept;

        return memory != null ? 0 : type is MemoryAbi.ResourceRing or MemoryAbi.ResourceKept ? XenError.ENOENT : XenError.EOPNOTSUPP;
    }

    private static long WriteSize(in HypercallCall call, LentMemory memory, uint count)
    {
        const ulong countAt = 8;
        if (count != 0)
            return XenError.EINVAL;

        return call.Answer(call.Arg1 + countAt, (uint)memory.Count);
    }

    private static long MapAll(ref HypercallCall call, LentMemory memory, int first, ulong list, uint count)
    {
        for (uint done = (uint)call.Arg0 >> MemoryAbi.ExtentShift; done < count; done++)
        {
            if (!GuestArray.TryRead(in call, list, done, out ulong gfn))
                return XenError.EFAULT;

            long result = call.Domain.Memory.MapLent(gfn, memory[first + (int)done], 0);
            if (result != 0)
                return result;

            if (done + 1 < count && call.ShouldPreempt)
                return PhysmapOperations.ContinueAt(ref call, done + 1);
        }

        return 0;
    }
}
