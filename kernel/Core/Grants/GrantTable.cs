using System;
using System.Runtime.InteropServices;
using System.Threading;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;

namespace Microkernel.Core.Grants;

/// <summary>
/// What a domain grants to others, and which grants of others it maps. The domain writes its entries whenever it likes;
/// a claim takes flags and grantee by one compare-exchange and from then on relies on the core's record alone.
/// </summary>
public sealed class GrantTable
{
    private const int MaxAttempts = 5;
    private const uint ClaimedBits = GrantAbi.Reading | GrantAbi.Writing;

    private readonly Domain _domain;
    /// <summary>Creates the grant table of a domain slot. Only during start-up: it allocates.</summary>
    public GrantTable(Domain domain)
    {
        _domain = domain;
        Frames = new GrantFrames(domain);
        Mappings = new MappingTable(domain);
    }

    /// <summary>Tells the tables of the slot's successive domains apart, for mappings that outlive one of them.</summary>
    internal uint Incarnation { get; private set; }

    /// <summary>Claims on grants of this table; each holds a reference to a frame.</summary>
    internal ulong Claims { get; private set; }

    /// <summary>Claims on grants of tables that lived in this slot before.</summary>
    internal ulong OrphanedClaims { get; private set; }

    /// <summary>The frames of the table.</summary>
    internal GrantFrames Frames { get; }

    /// <summary>The grants of others that this domain maps.</summary>
    internal MappingTable Mappings { get; }

    /// <summary>A new domain's empty table of version 1 with one frame; false when the pool is empty.</summary>
    public bool TryReset()
    {
        using TicketLock.Holder held = _domain.GrantLock.Hold();
        Mappings.Reset();
        Frames.Open();
        return Frames.TryGrow(1);
    }

    /// <summary>
    /// Does a bounded piece of undoing what a dead domain maps, then closes its own table; true when all is done. Grants
    /// of its own that others map are theirs until they unmap them.
    /// </summary>
    public bool TeardownPiece()
    {
        if (!GrantMapping.UndoSome(_domain))
        {
            return false;
        }

        using TicketLock.Holder held = _domain.GrantLock.Hold();
        Frames.Close();
        Incarnation++;
        OrphanedClaims += Claims;
        Claims = 0;
        return true;
    }

    /// <summary>
    /// XENMAPSPACE_grant_table: maps a frame of the table, grown for it if need be, at page <paramref name="gfn"/>.
    /// </summary>
    /// <returns>0, EINVAL (index, range, a foreign page is there) or ENOMEM.</returns>
    public long MapFrame(ulong index, ulong gfn)
    {
        using TicketLock.Holder held = _domain.GrantLock.Hold();
        bool isStatus = Frames.Version == 2 && (index & MemoryAbi.GrantStatusIndex) != 0;
        index &= isStatus ? ~MemoryAbi.GrantStatusIndex : ulong.MaxValue;
        int limit = isStatus ? Frames.StatusCount : GrantFrames.MaxFrames;
        if (index >= (ulong)limit)
        {
            return XenError.EINVAL;
        }

        int frame = SpeculationSafe.Index((uint)index, limit);
        if (!isStatus && !Frames.TryGrow(frame + 1))
        {
            return XenError.ENOMEM;
        }

        return _domain.Memory.MapShared(gfn, isStatus ? Frames.Status(frame) : Frames.Entries(frame));
    }

    /// <summary>
    /// Claims a grant of domain <paramref name="id"/>, which must still live in this slot, for a grantee: counts it in
    /// the core's record and in the entry's flags, and takes a reference to the frame. <paramref name="forCopy"/> accepts
    /// a grant to a part of a page.
    /// </summary>
    /// <returns>GNTST_*.</returns>
    internal short Claim(ushort id, uint reference, ushort grantee, bool write, bool forCopy, out GrantClaim claim)
    {
        using TicketLock.Holder held = _domain.GrantLock.Hold();
        claim = new GrantClaim { Length = PhysicalMemory.FrameSize, Incarnation = Incarnation };
        if (_domain.Id != id || Frames.Version == 0)
        {
            return GrantAbi.BadDomain;
        }

        if (reference >= (uint)Frames.EntryCount)
        {
            return GrantAbi.BadReference;
        }

        using FrameView view = Frames.ViewActive(reference, out int index);
        ref ActiveEntry active = ref view.As<ActiveEntry>()[index];
        if ((active.IsActive && active.Grantee != grantee) || (write ? active.Writers : active.Readers) == ushort.MaxValue)
        {
            return GrantAbi.GeneralError;
        }

        // A second mapping of the same kind finds the entry as it would leave it.
        bool isMarked = Frames.Version == 1 && (write ? active.Writers : active.Readers | active.Writers) != 0;
        short status = !isMarked ? ClaimEntry(ref active, reference, grantee, write, forCopy, ref claim)
            : _domain.Kernel.Memory.Frames.TryReference(active.Mfn, id) ? GrantAbi.Okay : GrantAbi.BadPage;
        if (status == GrantAbi.Okay)
        {
            claim.Mfn = active.Mfn;
            active.Grantee = grantee;
            active.Writers += write ? (ushort)1 : (ushort)0;
            active.Readers += write ? (ushort)0 : (ushort)1;
            Claims++;
        }

        return status;
    }

    /// <summary>
    /// Ends a claim, on a table that may be gone, and drops the reference to the frame.
    /// </summary>
    internal void Release(uint reference, bool write, in GrantClaim claim)
    {
        using TicketLock.Holder held = _domain.GrantLock.Hold();
        _domain.Kernel.Memory.Allocator.Release(claim.Mfn);
        if (claim.Incarnation != Incarnation)
        {
            OrphanedClaims--;
            return;
        }

        Claims--;
        using FrameView activeView = Frames.ViewActive(reference, out int index);
        ref ActiveEntry active = ref activeView.As<ActiveEntry>()[index];
        active.Writers -= write ? (ushort)1 : (ushort)0;
        active.Readers -= write ? (ushort)0 : (ushort)1;
        if (active.Writers == 0)
        {
            using FrameView entryView = Frames.ViewEntry(reference, out int word);
            Unmark(reference, ref entryView.As<uint>()[word], in active);
        }
    }

    /// <summary>Exchanges two entries that are not in use; GNTST_*.</summary>
    internal short Swap(uint first, uint second)
    {
        using TicketLock.Holder held = _domain.GrantLock.Hold();
        if (first >= (uint)Frames.EntryCount || second >= (uint)Frames.EntryCount)
        {
            return GrantAbi.BadReference;
        }

        if (first == second)
        {
            return GrantAbi.Okay;
        }

        if (IsActive(first) || IsActive(second))
        {
            return GrantAbi.TryAgain;
        }

        int words = (Frames.Version == 2 ? GrantAbi.EntrySizeV2 : GrantAbi.EntrySize) / sizeof(uint);
        using FrameView firstView = Frames.ViewEntry(first, out int firstWord);
        using FrameView secondView = Frames.ViewEntry(second, out int secondWord);
        Span<uint> one = firstView.As<uint>().Slice(firstWord, words);
        Span<uint> other = secondView.As<uint>().Slice(secondWord, words);
        for (int i = 0; i < words; i++)
        {
            (one[i], other[i]) = (other[i], one[i]);
        }

        return GrantAbi.Okay;
    }

    /// <summary>Changes the layout of the entries while none is in use; all but the reserved ones are emptied.</summary>
    /// <returns>0, EBUSY, EINVAL (a reserved entry has no equivalent) or ENOMEM.</returns>
    internal long SetVersion(int version)
    {
        using TicketLock.Holder held = _domain.GrantLock.Hold();
        if (version == Frames.Version)
        {
            return 0;
        }

        return Claims != 0 ? XenError.EBUSY : GrantConversion.Convert(Frames, _domain.Kernel.Memory.Memory, version);
    }

    private short ClaimEntry(
        ref ActiveEntry active, uint reference, ushort grantee, bool write, bool forCopy, ref GrantClaim claim)
    {
        using FrameView view = Frames.ViewEntry(reference, out int word);
        Span<uint> entry = view.As<uint>().Slice(word);
        bool isPart = Frames.Version == 2 && (Volatile.Read(ref entry[0]) & GrantAbi.SubPage) != 0;
        if ((isPart && !forCopy) || !TryMark(reference, ref entry[0], grantee, write, isPart))
        {
            return GrantAbi.GeneralError;
        }

        if (isPart)
        {
            uint range = Volatile.Read(ref entry[1]);
            claim.Offset = (ushort)range;
            claim.Length = (ushort)(range >> 16);
        }

        if (!TryReferenceFrame(ref active, entry, write))
        {
            Unmark(reference, ref entry[0], in active);
            return GrantAbi.BadPage;
        }

        return GrantAbi.Okay;
    }

    // The grant is for this grantee and allows what is asked for: sets the bits that say so, in one step with the check.
    private bool TryMark(uint reference, ref uint header, ushort grantee, bool write, bool isPart)
    {
        uint bits = write ? ClaimedBits : GrantAbi.Reading;
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            uint old = Volatile.Read(ref header);
            bool part = Frames.Version == 2 && (old & GrantAbi.SubPage) != 0;
            if ((old & GrantAbi.TypeMask) != GrantAbi.PermitAccess || old >> 16 != grantee || part != isPart
                || (write && (old & GrantAbi.ReadOnly) != 0))
            {
                return false;
            }

            if (Frames.Version == 2 ? TryMarkStatus(reference, ref header, old, bits)
                : Interlocked.CompareExchange(ref header, old | bits, old) == old)
            {
                return true;
            }
        }

        return false;
    }

    // Version 2: the bits are in a word of their own, which the granter looks at after it changed the entry.
    private bool TryMarkStatus(uint reference, ref uint header, uint expected, uint bits)
    {
        using FrameView view = Frames.ViewStatus(reference, out int index);
        ref ushort status = ref view.As<ushort>()[index];
        ushort before = Volatile.Read(ref status);
        Volatile.Write(ref status, (ushort)(before | bits));

        // A full barrier and a check in one: the entry is still what was checked.
        if (Interlocked.CompareExchange(ref header, expected, expected) == expected)
        {
            return true;
        }

        Volatile.Write(ref status, before);
        return false;
    }

    // Takes back the bits that no claim stands behind any more.
    private void Unmark(uint reference, ref uint header, in ActiveEntry active)
    {
        uint bits = (active.Writers == 0 ? GrantAbi.Writing : 0) | (active.IsActive ? 0 : GrantAbi.Reading);
        if (Frames.Version != 2)
        {
            Interlocked.And(ref header, ~bits);
            return;
        }

        using FrameView view = Frames.ViewStatus(reference, out int index);
        ref ushort status = ref view.As<ushort>()[index];
        Volatile.Write(ref status, (ushort)(Volatile.Read(ref status) & ~bits));
    }

    // The frame of a grant in use is the one of its first claim, whatever its entry says now.
    private bool TryReferenceFrame(ref ActiveEntry active, Span<uint> entry, bool write)
    {
        FrameTable frames = _domain.Kernel.Memory.Frames;
        if (active.IsActive)
        {
            return frames.TryReference(active.Mfn, _domain.Id);
        }

        ulong gfn = Frames.Version == 2
            ? Volatile.Read(ref MemoryMarshal.Cast<uint, ulong>(entry.Slice(2))[0])
            : Volatile.Read(ref entry[1]);
        using TicketLock.Holder held = _domain.Physmap.Lock.Hold();
        if (!_domain.Physmap.TryLookup(gfn, out PhysmapEntry page) || page.Kind != PageKind.Ram
            || (write && (page.Access & NestedAccess.Write) == 0) || !frames.TryReference(page.Mfn, _domain.Id))
        {
            return false;
        }

        active.Mfn = page.Mfn;
        return true;
    }

    /// <summary>Claims that the core's records of the entries add up to.</summary>
    internal ulong CountClaims()
    {
        ulong count = 0;
        for (uint reference = 0; reference < (uint)Frames.EntryCount; reference++)
        {
            using FrameView view = Frames.ViewActive(reference, out int index);
            ref readonly ActiveEntry active = ref view.As<ActiveEntry>()[index];
            count += (ulong)active.Readers + active.Writers;
        }

        return count;
    }

    private bool IsActive(uint reference)
    {
        using FrameView view = Frames.ViewActive(reference, out int index);
        return view.As<ActiveEntry>()[index].IsActive;
    }
}
