using System.Runtime.CompilerServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Memory;

namespace Microkernel.Core.Grants;

/// <summary>Mapping other domains' grants, and undoing what a dead domain maps.</summary>
internal static class GrantMapping
{
    // Handles looked at in a piece of teardown.
    private const int HandlesPerPiece = 128;

    /// <summary>Maps a grant of domain <paramref name="id"/> at page <paramref name="gfn"/>; GNTST_*. The handle stays as it is on an error.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Map(Domain domain, ushort id, ulong gfn, ref GrantClaim claim, ref uint handle)
    {
        Domain? granter = domain.Kernel.Domains.Find(id);
        if (granter == null)
            return GrantAbi.BadDomain;

        int status = granter.Grants.Claim(id, domain.Id, forCopy: false, ref claim);
        if (status != GrantAbi.Okay)
            return status;

        DomainMemory memory = domain.Memory;
        memory.Physmap.Lock.Enter();
        long error = memory.TryMapForeign(gfn, claim.Mfn, claim.IsWritable) ? 0
            : memory.MapForeign(gfn, claim.Mfn, claim.IsWritable);
        memory.Physmap.Lock.Exit();
        if (error == 0)
        {
            domain.GrantLock.Enter();
            uint added = domain.Grants.Mappings.Add(in claim, gfn);
            domain.GrantLock.Exit();
            handle = added;
            if (added != MappingTable.NoHandle)
                return GrantAbi.Okay;

            TakeBack(memory, in claim, gfn);
            error = XenError.ENOMEM;
        }

        granter.Grants.Release(in claim);
        return error == XenError.ENOMEM ? GrantAbi.NoSpace : GrantAbi.GeneralError;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void TakeBack(DomainMemory memory, in GrantClaim claim, ulong gfn)
    {
        using (memory.Physmap.Lock.Hold())
        {
            memory.UnmapForeign(gfn, claim.Mfn, claim.IsWritable);
        }

        memory.Tlb.Shootdown();
    }

    /// <summary>Undoes some of a dead domain's mappings; true when none are left.</summary>
    public static bool UndoSome(Domain domain)
    {
        UndoneMappings undone = domain.Kernel.ThisCpu.Undone;
        MappingTable table = domain.Grants.Mappings;
        for (int looked = 0; looked < HandlesPerPiece && table.Count > 0; looked++)
            undone.Undo(domain, table.NextInSweep(), UndoneMappings.AnyAddress);

        undone.Finish(domain);
        return table.Count == 0;
    }
}
