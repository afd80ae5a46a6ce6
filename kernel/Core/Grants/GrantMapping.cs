using System.Runtime.CompilerServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;

namespace Microkernel.Core.Grants;

/// <summary>Mapping other domains' grants, and undoing what a dead domain maps.</summary>
internal static class GrantMapping
{
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

        long error = domain.Memory.MapForeign(gfn, claim.Mfn, claim.Access);
        if (error == 0)
        {
            domain.GrantLock.Enter();
            bool added = domain.Grants.Mappings.TryAdd(in claim, gfn, out handle);
            domain.GrantLock.Exit();
            if (added)
            {
                return GrantAbi.Okay;
            }

            domain.Memory.UnmapForeign(gfn, claim.Mfn, claim.Access);
            domain.Memory.Tlb.Shootdown();
            error = XenError.ENOMEM;
        }

        granter.Grants.Release(in claim);
        return error == XenError.ENOMEM ? GrantAbi.NoSpace : GrantAbi.GeneralError;
    }

    /// <summary>Undoes some of a dead domain's mappings; true when none are left.</summary>
    public static bool UndoSome(Domain domain)
    {
        UndoneMappings undone = domain.Kernel.ThisCpu.Undone;
        MappingTable table = domain.Grants.Mappings;
        for (int looked = 0; looked < HandlesPerPiece && table.Count > 0; looked++)
        {
            undone.Undo(domain, table.NextInSweep(), UndoneMappings.AnyAddress);
        }

        undone.Finish(domain);
        return table.Count == 0;
    }
}
