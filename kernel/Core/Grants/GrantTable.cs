using System;
using System.Runtime.CompilerServices;
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
    private readonly HostMemory _host;

    /// <summary>Creates the grant table of a domain slot. Only during start-up: it allocates.</summary>
    public GrantTable(Domain domain)
    {
        _domain = domain;
        _host = domain.Kernel.Memory;
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
    internal short Claim(ushort id, ushort grantee, bool forCopy, ref GrantClaim claim)
    {
        TicketLock guard = _domain.GrantLock;
        guard.Enter();
        short status = _domain.Id != id || Frames.Version == 0 ? GrantAbi.BadDomain
            : claim.Reference >= (uint)Frames.EntryCount ? GrantAbi.BadReference
            : ClaimExisting(grantee, forCopy, ref claim);
        guard.Exit();
        return status;
    }

    /// <summary>
    /// Ends a claim, on a table that may be gone, and drops the reference to the frame.
    /// </summary>
    internal void Release(in GrantClaim claim)
    {
        using TicketLock.Holder held = _domain.GrantLock.Hold();
        _host.Allocator.Release(claim.Mfn);
        if (claim.Incarnation != Incarnation)
        {
            OrphanedClaims--;
            return;
        }

        Claims--;
        ref ActiveEntry active = ref _host.Memory.Open<ActiveEntry>(Frames.ActiveAddress(claim.Reference));
        Users(ref active, claim.IsWritable)--;
        if (active.Writers == 0)
        {
            Unmark(claim.Reference, ref _host.Memory.Open<uint>(Frames.EntryAddress(claim.Reference)), in active);
            _host.Memory.Unmap();
        }

        _host.Memory.Unmap();
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

        if (ReadActive(first).IsActive || ReadActive(second).IsActive)
        {
            return GrantAbi.TryAgain;
        }

        Span<uint> one = MemoryMarshal.Cast<byte, uint>(_host.Memory.Map(Frames.EntryAddress(first), Frames.EntrySize));
        Span<uint> other = MemoryMarshal.Cast<byte, uint>(_host.Memory.Map(Frames.EntryAddress(second), Frames.EntrySize));
        for (int i = 0; i < one.Length; i++)
        {
            (one[i], other[i]) = (other[i], one[i]);
        }

        _host.Memory.Unmap();
        _host.Memory.Unmap();
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

        return Claims != 0 ? XenError.EBUSY : GrantConversion.Convert(Frames, _host.Memory, version);
    }

    private static ref ushort Users(ref ActiveEntry active, bool write) =>
        ref write ? ref active.Writers : ref active.Readers;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private short ClaimExisting(ushort grantee, bool forCopy, ref GrantClaim claim)
    {
        ref ActiveEntry active = ref _host.Memory.Open<ActiveEntry>(Frames.ActiveAddress(claim.Reference));
        ref ushort users = ref Users(ref active, claim.IsWritable);
        claim.Slot = (ushort)_domain.Slot;
        claim.Incarnation = Incarnation;
        claim.Length = PhysicalMemory.FrameSize;

        // A second mapping of the same kind finds the entry as it would leave it.
        bool isMarked = Frames.Version == 1 && (users | (claim.IsWritable ? 0 : active.Writers)) != 0;
        short status = (active.IsActive && active.Grantee != grantee) || users == ushort.MaxValue ? GrantAbi.GeneralError
            : !isMarked ? ClaimEntry(ref active, grantee, forCopy, ref claim)
            : _host.Frames.TryReference(active.Mfn, _domain.Id) ? GrantAbi.Okay : GrantAbi.BadPage;
        if (status == GrantAbi.Okay)
        {
            claim.Mfn = active.Mfn;
            active.Grantee = grantee;
            users++;
            Claims++;
        }

        _host.Memory.Unmap();
        return status;
    }

    private short ClaimEntry(ref ActiveEntry active, ushort grantee, bool forCopy, ref GrantClaim claim)
    {
        Span<uint> entry = MemoryMarshal.Cast<byte, uint>(_host.Memory.Map(Frames.EntryAddress(claim.Reference), Frames.EntrySize));
        bool isPart = Frames.Version == 2 && (Volatile.Read(ref entry[0]) & GrantAbi.SubPage) != 0;
        short status = GrantAbi.GeneralError;
        if ((!isPart || forCopy) && TryMark(claim.Reference, ref entry[0], grantee, claim.IsWritable, isPart))
        {
            uint range = isPart ? Volatile.Read(ref entry[1]) : (uint)PhysicalMemory.FrameSize << 16;
            claim.Offset = (ushort)range;
            claim.Length = (ushort)(range >> 16);
            status = GrantAbi.Okay;
            if (!TryReferenceFrame(ref active, entry, claim.IsWritable))
            {
                Unmark(claim.Reference, ref entry[0], in active);
                status = GrantAbi.BadPage;
            }
        }

        _host.Memory.Unmap();
        return status;
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
        ref ushort status = ref _host.Memory.Open<ushort>(Frames.StatusAddress(reference));
        ushort before = Volatile.Read(ref status);
        Volatile.Write(ref status, (ushort)(before | bits));

        // A full barrier and a check in one: the entry is still what was checked.
        bool holds = Interlocked.CompareExchange(ref header, expected, expected) == expected;
        if (!holds)
        {
            Volatile.Write(ref status, before);
        }

        _host.Memory.Unmap();
        return holds;
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

        ref ushort status = ref _host.Memory.Open<ushort>(Frames.StatusAddress(reference));
        Volatile.Write(ref status, (ushort)(Volatile.Read(ref status) & ~bits));
        _host.Memory.Unmap();
    }

    // The frame of a grant in use is the one of its first claim, whatever its entry says now.
    private bool TryReferenceFrame(ref ActiveEntry active, Span<uint> entry, bool write)
    {
        FrameTable frames = _host.Frames;
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
            ActiveEntry active = ReadActive(reference);
            count += (ulong)active.Readers + active.Writers;
        }

        return count;
    }

    private ActiveEntry ReadActive(uint reference)
    {
        ActiveEntry active = _host.Memory.Open<ActiveEntry>(Frames.ActiveAddress(reference));
        _host.Memory.Unmap();
        return active;
    }
}
