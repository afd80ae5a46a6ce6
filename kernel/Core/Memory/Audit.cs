using Microkernel.Core.Domains;

namespace Microkernel.Core.Memory;

/// <summary>
/// Checks every invariant of memory: who owns which frame, what is mapped where, what is free, and that each reference
/// has its reason. It holds the grant and address-space locks of all domains, so that nothing is half-way; nobody else
/// holds two of a kind. For debugging and tests: it takes some twenty instructions a frame.
/// </summary>
public static class Audit
{
    /// <summary>True if all invariants hold; otherwise the first discrepancy is in the log.</summary>
    public static bool Check(Kernel kernel)
    {
        foreach (Domain domain in kernel.Domains.Slots)
            domain.GrantLock.Enter();

        foreach (Domain domain in kernel.Domains.Slots)
            domain.Physmap.Lock.Enter();

        string? problem = Find(kernel, out ulong where);
        foreach (Domain domain in kernel.Domains.Slots)
        {
            domain.Physmap.Lock.Exit();
            domain.GrantLock.Exit();
        }

        if (problem != null)
            kernel.Log.Write($"audit: {problem} (frame or domain {where})");

        return problem == null;
    }

    private static string? Find(Kernel kernel, out ulong where)
    {
        string? problem = WalkDomains(kernel, out where);
        string? other = CheckFrames(kernel, out ulong references, out ulong otherWhere);
        if (problem == null)
        {
            problem = other;
            where = otherWhere;
        }

        return problem ?? CheckDomains(kernel, references, out where);
    }

    private static string? WalkDomains(Kernel kernel, out ulong where)
    {
        where = 0;
        foreach (Domain domain in kernel.Domains.Slots)
        {
            DomainMemory memory = domain.Memory;
            memory.Tally.Clear();
            if (memory.Physmap.Root == 0)
                continue;

            PhysmapAudit walk = new(kernel.Memory, memory);
            string? problem = walk.Walk(memory.Physmap.Root, kernel.Memory.Format.Levels, 0, out where);
            if (problem != null)
                return problem;
        }

        return null;
    }

    // Looks at every record, whatever it finds, so that no frame stays marked as seen.
    private static string? CheckFrames(Kernel kernel, out ulong references, out ulong where)
    {
        FrameTable frames = kernel.Memory.Frames;
        string? problem = null;
        ulong free = 0;
        references = 0;
        where = 0;
        for (ulong mfn = 0; mfn < frames.FrameCount; mfn++)
        {
            FrameType type = frames.Type(mfn);
            free += type == FrameType.Free ? 1UL : 0;
            references += type == FrameType.GuestRam ? frames.References(mfn) : 0;
            string? found = CheckFrame(kernel, mfn, type, frames.TakeSeen(mfn));
            if (found != null && problem == null)
            {
                problem = found;
                where = mfn;
            }
        }

        return problem ?? (free == kernel.Memory.Allocator.FreeFrames ? null : "free frames are not counted right");
    }

    private static string? CheckFrame(Kernel kernel, ulong mfn, FrameType type, bool seen)
    {
        FrameTable frames = kernel.Memory.Frames;
        if (kernel.Memory.Allocator.IsFree(mfn) != (type == FrameType.Free))
            return "allocator and records disagree about a free frame";

        if (type is FrameType.Reserved or FrameType.Free or FrameType.Core or FrameType.Lent)
            return seen || frames.Owner(mfn) != FrameTable.Nobody ? "a domain has a frame that is not for domains" : null;

        if (!frames.IsHeld(mfn))
            return type == FrameType.GuestRam && frames.References(mfn) != 0 && !seen ? null : "a frame belongs to nobody";

        DomainMemory? owner = kernel.Domains.Find(frames.Owner(mfn))?.Memory;
        if (owner == null)
            return "a frame's owner does not exist";

        owner.Tally.HeldRam += type == FrameType.GuestRam ? 1UL : 0;
        owner.Tally.PoolFrames += type == FrameType.GuestRam ? 0 : 1UL;
        return type == FrameType.GuestRam && !seen && !owner.IsClosing ? "guest memory is not mapped by its owner" : null;
    }

    private static string? CheckDomains(Kernel kernel, ulong references, out ulong where)
    {
        ulong claims = 0;
        where = 0;
        foreach (Domain domain in kernel.Domains.Slots)
        {
            DomainMemory memory = domain.Memory;
            where = domain.Id;
            claims += memory.Pins + domain.Grants.Claims + domain.Grants.OrphanedClaims;
            if (domain.Grants.CountClaims() != domain.Grants.Claims)
                return "grants in use are not counted right";

            if (memory.Owner != FrameTable.Nobody && !memory.IsClosing && !IsConsistent(memory))
                return "a domain's pages are not counted right";
        }

        return claims == references ? null : "references to frames without a reason";
    }

    private static bool IsConsistent(DomainMemory memory) =>
        memory.Tally.MappedRam == memory.Pages && memory.Tally.HeldRam == memory.Pages
        && memory.Tally.MappedForeign == memory.ForeignPages && memory.Tally.PoolFrames == (ulong)memory.Pool.Size
        && memory.Pool.IsConsistent();
}
