using System;
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
    public static short Map(
        Domain domain, ushort id, uint reference, ulong gfn, bool write, out uint handle)
    {
        handle = uint.MaxValue;
        Domain? granter = domain.Kernel.Domains.Find(id);
        if (granter == null)
        {
            return GrantAbi.BadDomain;
        }

        short status = granter.Grants.Claim(id, reference, domain.Id, write, forCopy: false, out GrantClaim claim);
        if (status != GrantAbi.Okay)
        {
            return status;
        }

        NestedAccess access = write ? NestedAccess.All : NestedAccess.Read | NestedAccess.Execute;
        long error = domain.Memory.MapForeign(gfn, claim.Mfn, access);
        if (error != 0)
        {
            granter.Grants.Release(reference, write, in claim);
            return error == XenError.ENOMEM ? GrantAbi.NoSpace : GrantAbi.GeneralError;
        }

        Mapping mapping = new()
        {
            Mfn = claim.Mfn,
            Gfn = gfn,
            Reference = reference,
            Incarnation = claim.Incarnation,
            Slot = (ushort)granter.Slot,
            IsWritable = write,
        };
        if (TryAdd(domain, in mapping, out handle))
        {
            return GrantAbi.Okay;
        }

        domain.Memory.UnmapForeign(gfn, claim.Mfn);
        domain.Memory.Tlb.Shootdown();
        granter.Grants.Release(reference, write, in claim);
        return GrantAbi.NoSpace;
    }

    /// <summary>
    /// First step of undoing a mapping: takes it out of the address space and its handle out of use. The caller flushes
    /// and calls <see cref="Finish"/>. Without an address nothing is to be done, as in Xen.
    /// </summary>
    public static short Begin(Domain domain, uint handle, ulong address, out Mapping mapping)
    {
        mapping = default;
        MappingTable table = domain.Grants.Mappings;
        using TicketLock.Holder held = domain.GrantLock.Hold();
        if (handle >= (uint)table.Capacity)
        {
            return GrantAbi.BadHandle;
        }

        using FrameView view = table.View(handle, out int index);
        ref Mapping entry = ref view.As<Mapping>()[index];
        if (!entry.IsUsed)
        {
            return GrantAbi.BadHandle;
        }

        ulong gfn = address == AnyAddress ? entry.Gfn : address >> PhysicalMemory.FrameShift;
        if (gfn != entry.Gfn || domain.Memory.UnmapForeign(gfn, entry.Mfn) != 0)
        {
            return address == 0 ? GrantAbi.Okay : GrantAbi.GeneralError;
        }

        mapping = entry;
        table.Remove(ref entry, handle);
        return GrantAbi.Okay;
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
            Domain granter = domain.Kernel.Domains.Slots[mapping.Slot];
            GrantClaim claim = new() { Mfn = mapping.Mfn, Incarnation = mapping.Incarnation };
            granter.Grants.Release(mapping.Reference, mapping.IsWritable, in claim);
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
                count += Begin(domain, table.NextInSweep(), AnyAddress, out undone[count]) == GrantAbi.Okay ? 1 : 0;
            }

            Finish(domain, undone.Slice(0, count));
        }

        return table.Count == 0;
    }

    private static bool TryAdd(Domain domain, in Mapping mapping, out uint handle)
    {
        using TicketLock.Holder held = domain.GrantLock.Hold();
        return domain.Grants.Mappings.TryAdd(in mapping, out handle);
    }
}
