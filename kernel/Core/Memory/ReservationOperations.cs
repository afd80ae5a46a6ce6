using System;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hypercalls;

namespace Microkernel.Core.Memory;

/// <summary>
/// The operations of memory_op that change how much memory a domain has. They return the number of extents done, whatever
/// stopped them; the extent to start at is in the first argument, above the operation.
/// </summary>
public static class ReservationOperations
{
    /// <summary>XENMEM_increase_reservation: frames outside of the address space, which a translated guest could never reach: none.</summary>
    public static long Increase(ref HypercallCall call) => (long)Start(in call);

    /// <summary>XENMEM_populate_physmap: memory for the given pages, from the host's free frames up to the domain's maximum.</summary>
    public static long Populate(ref HypercallCall call)
    {
        ulong done = Start(in call);
        if (!MemoryReservation.TryRead(in call, out MemoryReservation reservation))
            return (long)done;

        using TargetDomain target = new(in call, reservation.Domain, Privilege.Build, unsealed: true);
        if (!reservation.IsValid(in target, done) || (reservation.Flags & MemoryAbi.PopulateOnDemand) != 0)
            return (long)done;

        Span<ulong> gfns = stackalloc ulong[MemoryBatch.Size];
        while (done < reservation.ExtentCount)
        {
            int count = Read(in call, in reservation, done, gfns);
            int populated = 0;
            while (populated < count
                && target.Domain.Memory.PopulateExtent(gfns[populated], (int)reservation.Order) == 0)
            {
                populated++;
            }

            done += (ulong)populated;
            if (populated < count || count == 0)
                break;

            if (done < reservation.ExtentCount && call.ShouldPreempt)
                return ContinueAt(ref call, done);
        }

        return (long)done;
    }

    /// <summary>XENMEM_decrease_reservation: gives pages back to the host.</summary>
    public static long Decrease(ref HypercallCall call)
    {
        ulong done = Start(in call);
        if (!MemoryReservation.TryRead(in call, out MemoryReservation reservation))
            return (long)done;

        using TargetDomain target = new(in call, reservation.Domain, Privilege.Build, unsealed: true);
        if (!reservation.IsValid(in target, done))
            return (long)done;

        Span<ulong> gfns = stackalloc ulong[MemoryBatch.Size];
        while (done < reservation.ExtentCount)
        {
            int count = Read(in call, in reservation, done, gfns);
            int removed = Remove(target.Domain.Memory, gfns.Slice(0, count), (int)reservation.Order);
            done += (ulong)removed;
            if (removed < count || count == 0)
                break;

            if (done < reservation.ExtentCount && call.ShouldPreempt)
                return ContinueAt(ref call, done);
        }

        return (long)done;
    }

    /// <summary>XENMEM_claim_pages: free frames are promised to a domain, so that it can be built whole or not at all.</summary>
    public static long Claim(ref HypercallCall call)
    {
        if (Start(in call) != 0)
            return XenError.EINVAL;

        if (!MemoryReservation.TryRead(in call, out MemoryReservation reservation))
            return XenError.EFAULT;

        if ((reservation.ExtentStart | reservation.Order | reservation.Flags) != 0)
            return XenError.EINVAL;

        using TargetDomain target = new(in call, reservation.Domain, Privilege.Build, unsealed: false);
        if (target.Error != 0)
            return target.Error;

        return call.Domain.MayBuild ? target.Domain.Memory.Claim(reservation.ExtentCount) : XenError.EPERM;
    }

    private static ulong Start(in HypercallCall call) => (uint)call.Arg0 >> MemoryAbi.ExtentShift;

    // One extent at a time when extents are large.
    private static int Read(in HypercallCall call, in MemoryReservation reservation, ulong index, Span<ulong> gfns) =>
        GuestArray.Read(
            in call,
            reservation.ExtentStart,
            index,
            reservation.ExtentCount - index,
            reservation.Order == 0 ? gfns : gfns.Slice(0, 1));

    private static int Remove(DomainMemory memory, ReadOnlySpan<ulong> gfns, int order)
    {
        if (order == 0 || gfns.Length == 0)
            return memory.RemovePages(gfns);

        return memory.RemoveExtent(gfns[0], order) == 0 ? 1 : 0;
    }

    private static long ContinueAt(ref HypercallCall call, ulong extent)
    {
        uint operation = (uint)call.Arg0 & (1 << MemoryAbi.ExtentShift) - 1;
        call.Arg0 = operation | extent << MemoryAbi.ExtentShift;
        return call.Continue();
    }
}
