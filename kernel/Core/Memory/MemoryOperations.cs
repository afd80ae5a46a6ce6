using System;
using System.Runtime.InteropServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hypercalls;

namespace Microkernel.Core.Memory;

/// <summary>memory_op: its table, and the operations that only ask.</summary>
public static class MemoryOperations
{
    /// <summary>The operations.</summary>
    public static readonly SubOperation[] Table =
    [
        new(MemoryAbi.IncreaseReservation, "increase_reservation", "memory")
        {
            Note = "no extent is ever done: a translated guest could not reach the frames",
        },
        new(MemoryAbi.DecreaseReservation, "decrease_reservation", "memory")
        {
            Note = "an extent is removed whole or not at all",
        },
        new(MemoryAbi.MaximumRamPage, "maximum_ram_page", "memory"),
        new(MemoryAbi.CurrentReservation, "current_reservation", "memory"),
        new(MemoryAbi.MaximumReservation, "maximum_reservation", "memory"),
        new(MemoryAbi.PopulatePhysmap, "populate_physmap", "memory")
        {
            Note = "memory that is replaced goes back to the host; extents of 2 MiB may be made of small pages",
        },
        new(MemoryAbi.AddToPhysmap, "add_to_physmap", "memory"),
        new(MemoryAbi.MemoryMap, "memory_map", "memory"),
        new(MemoryAbi.SetMemoryMap, "set_memory_map", "memory") { Note = "16 ranges at most" },
        new(MemoryAbi.MaximumGpfn, "maximum_gpfn", "memory"),
        new(MemoryAbi.RemoveFromPhysmap, "remove_from_physmap", "memory")
        {
            Note = "guest memory goes back to the host; a page mapped by a grant is refused",
        },
        new(MemoryAbi.AddToPhysmapBatch, "add_to_physmap_batch", "memory"),
        new(MemoryAbi.ClaimPages, "claim_pages", "memory"),
        new(MemoryAbi.AcquireResource, "acquire_resource", "service")
        {
            Note = "rings and kept memory of the manifest, types 0x8000 and 0x8001, for the caller itself; EOPNOTSUPP for Xen's types",
        },
    ];

    /// <summary>Serves the operation that the first argument names.</summary>
    public static long Serve(ref HypercallCall call)
    {
        switch ((uint)call.Arg0 % (1 << MemoryAbi.ExtentShift))
        {
            case MemoryAbi.IncreaseReservation: return ReservationOperations.Increase(ref call);
            case MemoryAbi.DecreaseReservation: return ReservationOperations.Decrease(ref call);
            case MemoryAbi.MaximumRamPage: return MaximumRamPage(ref call);
            case MemoryAbi.CurrentReservation: return Query(ref call);
            case MemoryAbi.MaximumReservation: return Query(ref call);
            case MemoryAbi.PopulatePhysmap: return ReservationOperations.Populate(ref call);
            case MemoryAbi.AddToPhysmap: return PhysmapOperations.Add(ref call);
            case MemoryAbi.MemoryMap: return MemoryMap(ref call);
            case MemoryAbi.SetMemoryMap: return SetMemoryMap(ref call);
            case MemoryAbi.MaximumGpfn: return Query(ref call);
            case MemoryAbi.RemoveFromPhysmap: return PhysmapOperations.Remove(ref call);
            case MemoryAbi.AddToPhysmapBatch: return PhysmapOperations.AddBatch(ref call);
            case MemoryAbi.ClaimPages: return ReservationOperations.Claim(ref call);
            case MemoryAbi.AcquireResource: return ResourceOperations.Acquire(ref call);
            default: return XenError.ENOSYS;
        }
    }

    private static long MaximumRamPage(ref HypercallCall call) =>
        IsContinuation(in call) ? XenError.EINVAL : (long)call.Domain.Kernel.Memory.Frames.FrameCount;

    // struct xen_memory_domain holds a domid and nothing else.
    private static long Query(ref HypercallCall call)
    {
        if (IsContinuation(in call))
            return XenError.EINVAL;

        if (!call.TryRead(call.Arg1, out ushort id))
            return XenError.EFAULT;

        using TargetDomain target = new(in call, id, Privilege.Build, unsealed: false);
        DomainMemory memory = target.Domain.Memory;
        return target.Error != 0 ? target.Error : (uint)call.Arg0 switch
        {
            MemoryAbi.CurrentReservation => (long)memory.Pages,
            MemoryAbi.MaximumReservation => (long)memory.MaxPages,
            _ => (long)memory.Physmap.MaxGfn,
        };
    }

    // struct xen_foreign_memory_map: a domid, then the struct xen_memory_map that XENMEM_memory_map takes.
    private static long SetMemoryMap(ref HypercallCall call)
    {
        Span<byte> bytes = stackalloc byte[MemoryAbi.ForeignMemoryMapSize];
        if (!call.TryReadBytes(call.Arg1, bytes.Slice(0, call.Is32 ? MemoryAbi.ForeignMemoryMapSize32 : bytes.Length)))
            return XenError.EFAULT;

        // The map aligns as its handle does.
        ushort id = MemoryMarshal.Read<ushort>(bytes);
        ArgumentReader reader = new(bytes.Slice(call.Is32 ? sizeof(uint) : sizeof(ulong)), call.Is32);
        uint count = reader.UInt32();
        ulong buffer = reader.Native();
        using TargetDomain target = new(in call, id, Privilege.Build, unsealed: true);
        if (target.Error != 0 || !target.IsForeign)
            return target.Error != 0 ? target.Error : XenError.EPERM;

        return count > GuestMemoryMap.Capacity ? XenError.EINVAL : ReadMap(in call, target.Domain.Memory.Map, count, buffer);
    }

    private static long ReadMap(in HypercallCall call, GuestMemoryMap map, uint count, ulong buffer)
    {
        Span<byte> entries = stackalloc byte[GuestMemoryMap.Capacity * GuestMemoryMap.E820EntrySize];
        entries = entries.Slice(0, (int)count * GuestMemoryMap.E820EntrySize);
        if (!call.TryReadBytes(buffer, entries))
            return XenError.EFAULT;

        map.Clear();
        for (; entries.Length != 0; entries = entries.Slice(GuestMemoryMap.E820EntrySize))
            map.AddE820(entries);

        return 0;
    }

    private static long MemoryMap(ref HypercallCall call)
    {
        Span<byte> bytes = stackalloc byte[MemoryAbi.MemoryMapSize];
        if (!call.TryReadBytes(call.Arg1, bytes.Slice(0, call.Is32 ? MemoryAbi.MemoryMapSize32 : bytes.Length)))
            return XenError.EFAULT;

        GuestMemoryMap map = call.Domain.Memory.Map;
        if (map.Count == 0)
            return XenError.ENOSYS;

        ArgumentReader reader = new(bytes, call.Is32);
        uint count = Math.Min(reader.UInt32(), (uint)map.Count);
        ulong buffer = reader.Native();
        Span<byte> entry = stackalloc byte[GuestMemoryMap.E820EntrySize];
        for (int i = 0; i < (int)count; i++)
        {
            map.WriteE820(i, entry);
            if (!call.TryWriteBytes(buffer + (ulong)i * GuestMemoryMap.E820EntrySize, entry))
                return XenError.EFAULT;
        }

        return call.Answer(call.Arg1, count);
    }

    private static bool IsContinuation(in HypercallCall call) => (uint)call.Arg0 >> MemoryAbi.ExtentShift != 0;
}
