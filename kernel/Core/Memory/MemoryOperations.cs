using System;
using Microkernel.Core.Abi;
using Microkernel.Core.Hypercalls;

namespace Microkernel.Core.Memory;

/// <summary>memory_op: its table, and the operations that only ask.</summary>
public static class MemoryOperations
{
    /// <summary>The operations.</summary>
    public static readonly SubOperation[] Table =
    [
        new(MemoryAbi.IncreaseReservation, "increase_reservation", ReservationOperations.Increase, "memory")
        {
            Note = "no extent is ever done: a translated guest could not reach the frames",
        },
        new(MemoryAbi.DecreaseReservation, "decrease_reservation", ReservationOperations.Decrease, "memory")
        {
            Note = "an extent is removed whole or not at all",
        },
        new(MemoryAbi.MaximumRamPage, "maximum_ram_page", MaximumRamPage, "memory"),
        new(MemoryAbi.CurrentReservation, "current_reservation", CurrentReservation, "memory"),
        new(MemoryAbi.MaximumReservation, "maximum_reservation", MaximumReservation, "memory"),
        new(MemoryAbi.PopulatePhysmap, "populate_physmap", ReservationOperations.Populate, "memory")
        {
            Note = "memory that is replaced goes back to the host; extents of 2 MiB may be made of small pages",
        },
        new(MemoryAbi.AddToPhysmap, "add_to_physmap", PhysmapOperations.Add, "memory"),
        new(MemoryAbi.MemoryMap, "memory_map", MemoryMap, "memory"),
        new(MemoryAbi.MaximumGpfn, "maximum_gpfn", MaximumGpfn, "memory"),
        new(MemoryAbi.RemoveFromPhysmap, "remove_from_physmap", PhysmapOperations.Remove, "memory")
        {
            Note = "guest memory goes back to the host; a page mapped by a grant is refused",
        },
        new(MemoryAbi.AddToPhysmapBatch, "add_to_physmap_batch", PhysmapOperations.AddBatch, "memory"),
    ];

    private static long MaximumRamPage(ref HypercallCall call) =>
        IsContinuation(in call) ? XenError.EINVAL : (long)call.Domain.Kernel.Memory.Frames.FrameCount;

    private static long CurrentReservation(ref HypercallCall call) => Query(in call, call.Domain.Memory.Pages);

    private static long MaximumReservation(ref HypercallCall call) => Query(in call, call.Domain.Memory.MaxPages);

    private static long MaximumGpfn(ref HypercallCall call) => Query(in call, call.Domain.Physmap.MaxGfn);

    // struct xen_memory_domain holds a domid and nothing else.
    private static long Query(in HypercallCall call, ulong answer)
    {
        if (IsContinuation(in call))
            return XenError.EINVAL;

        if (!call.TryRead(call.Arg1, out ushort id))
            return XenError.EFAULT;

        long result = DomainArgument.CheckSelf(in call, id);
        return result != 0 ? result : (long)answer;
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

        return call.TryWrite(call.Arg1, count) ? 0 : XenError.EFAULT;
    }

    private static bool IsContinuation(in HypercallCall call) => (uint)call.Arg0 >> MemoryAbi.ExtentShift != 0;
}
