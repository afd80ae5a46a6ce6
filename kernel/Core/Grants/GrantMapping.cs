using System;
using System.Runtime.CompilerServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Grants;

/// <summary>
/// Mapping other domains' grants and undoing it. A mapping is undone in two steps, so that many share one flush: it
/// leaves the address space, and after the flush the grant and the handle are released.
/// </summary>
internal static class GrantMapping
{
    /// <summary>Mappings undone with one flush.</summary>
    public const int BatchSize = 16;

    private const ulong AnyAddress = ulong.MaxValue;

    // Handles looked at in a piece of teardown.
    private const int HandlesPerPiece = 128;

    /// <summary>Maps a grant of domain <paramref name="id"/> at page <paramref name="gfn"/>; GNTST_*.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static short Map(Domain domain, ushort id, ulong gfn, ref GrantClaim claim, out uint handle)
    {
        handle = uint.MaxValue;
        Domain? granter = domain.Kernel.Domains.Find(id);
        if (granter == null)
        {
            return GrantAbi.BadDomain;
        }

        short status = granter.Grants.Claim(id, domain.Id, forCopy: false, ref claim);
        if (status != GrantAbi.Okay)
        {
            return status;
        }

        NestedAccess access = claim.IsWritable ? NestedAccess.All : NestedAccess.Read | NestedAccess.Execute;
        long error = domain.Memory.MapForeign(gfn, claim.Mfn, access);
        if (error == 0)
        {
            domain.GrantLock.Enter();
            bool added = domain.Grants.Mappings.TryAdd(in claim, gfn, out handle);
            domain.GrantLock.Exit();
            if (added)
            {
                return GrantAbi.Okay;
            }

            domain.Memory.UnmapForeign(gfn, claim.Mfn);
            domain.Memory.Tlb.Shootdown();
            error = XenError.ENOMEM;
        }

        granter.Grants.Release(in claim);
        return error == XenError.ENOMEM ? GrantAbi.NoSpace : GrantAbi.GeneralError;
    }

    /// <summary>
    /// First step of undoing a mapping: takes it out of the address space and its handle out of use, and adds it to those
    /// that the caller flushes with <see cref="Finish"/>. Without an address nothing is to be done, as in Xen.
    /// </summary>
    public static short Begin(Domain domain, uint handle, ulong address, Span<Mapping> undone, ref int count)
    {
        MappingTable table = domain.Grants.Mappings;
        using TicketLock.Holder held = domain.GrantLock.Hold();
        if (handle >= (uint)table.Capacity)
        {
            return GrantAbi.BadHandle;
        }

        short status = GrantAbi.BadHandle;
        ref Mapping entry = ref table.Open(handle);
        if (entry.IsUsed)
        {
            bool isUndone = (address == AnyAddress || address >> PhysicalMemory.FrameShift == entry.Gfn)
                && domain.Memory.UnmapForeign(entry.Gfn, entry.Claim.Mfn) == 0;
            status = isUndone || address == 0 ? GrantAbi.Okay : GrantAbi.GeneralError;
            if (isUndone)
            {
                undone[count++] = entry;
                table.Remove(ref entry, handle);
            }
        }

        domain.Kernel.Memory.Memory.Unmap();
        return status;
    }

    /// <summary>Flushes the mappings taken away and ends the claims behind them.</summary>
    public static void Finish(Domain domain, ReadOnlySpan<Mapping> mappings)
    {
        if (mappings.Length == 0)
        {
            return;
        }

        domain.Memory.Tlb.Shootdown();
        foreach (ref readonly Mapping mapping in mappings)
        {
            domain.Kernel.Domains.Slots[mapping.Claim.Slot].Grants.Release(in mapping.Claim);
        }
    }

    /// <summary>Undoes some of a dead domain's mappings; true when none are left.</summary>
    public static bool UndoSome(Domain domain)
    {
        Span<Mapping> undone = stackalloc Mapping[BatchSize];
        MappingTable table = domain.Grants.Mappings;
        for (int looked = 0; looked < HandlesPerPiece && table.Count > 0;)
        {
            int count = 0;
            while (count < undone.Length && looked < HandlesPerPiece && table.Count > 0)
            {
                looked++;
                Begin(domain, table.NextInSweep(), AnyAddress, undone, ref count);
            }

            Finish(domain, undone.Slice(0, count));
        }

        return table.Count == 0;
    }
}
