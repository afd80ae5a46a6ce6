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
    private readonly ushort _slot;
    private readonly TicketLock _lock;
    private readonly HostMemory _host;
    private readonly PhysicalMemory _memory;

    /// <summary>Creates the grant table of a domain slot. Only during start-up: it allocates.</summary>
    public GrantTable(Domain domain)
    {
        _domain = domain;
        _slot = (ushort)domain.Slot;
        _lock = domain.GrantLock;
        _host = domain.Kernel.Memory;
        _memory = _host.Memory;
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
        using TicketLock.Holder held = _lock.Hold();
        Mappings.Reset();
        Frames.Open();
        return Frames.TryGrow(1);
    }

    /// <summary>Writes an entry of version 1 that lets <paramref name="backend"/> map a page, before the domain starts; false: no such entry.</summary>
    public bool TrySeed(uint reference, ushort backend, uint gfn)
    {
        using TicketLock.Holder held = _lock.Hold();
        if (reference >= (uint)Frames.EntryCount)
            return false;

        _memory.Open<ulong>(Frames.EntryAddress(reference)) = GrantAbi.PermitAccess | (uint)backend << 16 | (ulong)gfn << 32;
        _memory.Unmap();
        return true;
    }

    /// <summary>
    /// Does a bounded piece of undoing what a dead domain maps, then closes its own table; true when all is done. Grants
    /// of its own that others map are theirs until they unmap them.
    /// </summary>
    public bool TeardownPiece()
    {
        if (!GrantMapping.UndoSome(_domain))
            return false;

        using TicketLock.Holder held = _lock.Hold();
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
        using TicketLock.Holder held = _lock.Hold();
        bool isStatus = Frames.Version == 2 && (index & MemoryAbi.GrantStatusIndex) != 0;
        index &= isStatus ? ~MemoryAbi.GrantStatusIndex : ulong.MaxValue;
        int limit = isStatus ? Frames.StatusCount : GrantFrames.MaxFrames;
        if (index >= (ulong)limit)
            return XenError.EINVAL;

        int frame = SpeculationSafe.Index((uint)index, limit);
        if (!isStatus && !Frames.TryGrow(frame + 1))
            return XenError.ENOMEM;

        return _domain.Memory.MapShared(gfn, isStatus ? Frames.Status(frame) : Frames.Entries(frame));
    }

    /// <summary>
    /// Claims a grant of domain <paramref name="id"/>, which must still live in this slot, for a grantee: counts it in
    /// the core's record and in the entry's flags, and takes a reference to the frame. <paramref name="forCopy"/> accepts
    /// a grant to a part of a page.
    /// </summary>
    /// <returns>GNTST_*.</returns>
    internal int Claim(int id, int grantee, bool forCopy, ref GrantClaim claim)
    {
        _lock.Enter();
        int status = _domain.Id == id && claim.Reference < (uint)Frames.EntryCount ? ClaimExisting(grantee, forCopy, ref claim)
            : _domain.Id != id || Frames.Version == 0 ? GrantAbi.BadDomain : GrantAbi.BadReference;
        _lock.Exit();
        return status;
    }

    /// <summary>
    /// Ends a claim, on a table that may be gone, and drops the reference to the frame.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Release(in GrantClaim claim)
    {
        _lock.Enter();
        _host.Allocator.Release(claim.Mfn);
        if (claim.Incarnation == Incarnation)
        {
            Claims--;
            Uncount(in claim);
        }
        else
        {
            OrphanedClaims--;
        }

        _lock.Exit();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Uncount(in GrantClaim claim)
    {
        ref ActiveEntry active = ref _memory.Open<ActiveEntry>(Frames.ActiveAddress(claim.Reference));
        active.Count(claim.IsWritable, -1);
        if (active.Writers == 0)
            Unmark(claim.Reference, in active);

        _memory.Unmap();
    }

    /// <summary>Exchanges two entries that are not in use; GNTST_*.</summary>
    internal short Swap(uint first, uint second)
    {
        using TicketLock.Holder held = _lock.Hold();
        if (first >= (uint)Frames.EntryCount || second >= (uint)Frames.EntryCount)
            return GrantAbi.BadReference;

        first = (uint)SpeculationSafe.Index(first, Frames.EntryCount);
        second = (uint)SpeculationSafe.Index(second, Frames.EntryCount);
        if (first == second)
            return GrantAbi.Okay;

        if (ReadActive(first).IsActive || ReadActive(second).IsActive)
            return GrantAbi.TryAgain;

        Span<uint> one = MemoryMarshal.Cast<byte, uint>(_memory.Map(Frames.EntryAddress(first), Frames.EntrySize));
        Span<uint> other = MemoryMarshal.Cast<byte, uint>(_memory.Map(Frames.EntryAddress(second), Frames.EntrySize));
        for (int i = 0; i < one.Length; i++)
            (one[i], other[i]) = (other[i], one[i]);

        _memory.Unmap();
        _memory.Unmap();
        return GrantAbi.Okay;
    }

    /// <summary>Changes the layout of the entries while none is in use; all but the reserved ones are emptied.</summary>
    /// <returns>0, EBUSY, EINVAL (a reserved entry has no equivalent) or ENOMEM.</returns>
    internal long SetVersion(int version)
    {
        using TicketLock.Holder held = _lock.Hold();
        if (version == Frames.Version)
            return 0;

        return Claims != 0 ? XenError.EBUSY : GrantConversion.Convert(Frames, _memory, version);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int ClaimExisting(int grantee, bool forCopy, ref GrantClaim claim)
    {
        uint reference = (uint)SpeculationSafe.Index(claim.Reference, Frames.EntryCount);
        claim.Reference = reference;
        ref ActiveEntry active = ref _memory.Open<ActiveEntry>(Frames.ActiveAddress(reference));
        int users = claim.IsWritable ? active.Writers : active.Readers;

        // A second mapping of the same kind finds the entry of version 1 as it would leave it.
        int status = (active.Grantee != grantee && active.IsActive) || users == ushort.MaxValue ? GrantAbi.GeneralError
            : Frames.Version != 1 || (users | active.Writers) == 0 ? ClaimEntry(ref active, grantee, forCopy, ref claim)
            : _host.Frames.TryReference(active.Mfn, _domain.Id) ? GrantAbi.Okay : GrantAbi.BadPage;
        if (status == GrantAbi.Okay)
        {
            claim.Mfn = active.Mfn;
            claim.Slot = _slot;
            claim.Incarnation = Incarnation;
            active.Count(claim.IsWritable, 1);
            Claims++;
        }

        _memory.Unmap();
        return status;
    }

    private int ClaimEntry(ref ActiveEntry active, int grantee, bool forCopy, ref GrantClaim claim)
    {
        Span<uint> entry = MemoryMarshal.Cast<byte, uint>(_memory.Map(Frames.EntryAddress(claim.Reference), Frames.EntrySize));
        bool isPart = Frames.Version == 2 && (Volatile.Read(ref entry[0]) & GrantAbi.SubPage) != 0;
        int status = GrantAbi.GeneralError;
        if ((!isPart || forCopy) && TryMark(claim.Reference, ref entry[0], grantee, claim.IsWritable, isPart))
        {
            uint range = isPart ? Volatile.Read(ref entry[1]) : (uint)PhysicalMemory.FrameSize << 16;
            claim.Offset = (ushort)range;
            claim.Length = (ushort)(range >> 16);
            active.Grantee = (ushort)grantee;
            status = GrantAbi.Okay;
            if (!TryReferenceFrame(ref active, entry, claim.IsWritable))
            {
                Unmark(claim.Reference, ref entry[0], in active);
                status = GrantAbi.BadPage;
            }
        }

        _memory.Unmap();
        return status;
    }

    // The grant is for this grantee and allows what is asked for: sets the bits that say so, in one step with the check.
    private bool TryMark(uint reference, ref uint header, int grantee, bool write, bool isPart)
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
        ref ushort status = ref _memory.Open<ushort>(Frames.StatusAddress(reference));
        ushort before = Volatile.Read(ref status);
        Volatile.Write(ref status, (ushort)(before | bits));

        // A full barrier and a check in one: the entry is still what was checked.
        bool holds = Interlocked.CompareExchange(ref header, expected, expected) == expected;
        if (!holds)
            Volatile.Write(ref status, before);

        _memory.Unmap();
        return holds;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Unmark(uint reference, in ActiveEntry active)
    {
        Unmark(reference, ref _memory.Open<uint>(Frames.EntryAddress(reference)), in active);
        _memory.Unmap();
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

        ref ushort status = ref _memory.Open<ushort>(Frames.StatusAddress(reference));
        Volatile.Write(ref status, (ushort)(Volatile.Read(ref status) & ~bits));
        _memory.Unmap();
    }

    // The frame of a grant in use is the one of its first claim, whatever its entry says now.
    private bool TryReferenceFrame(ref ActiveEntry active, Span<uint> entry, bool write)
    {
        FrameTable frames = _host.Frames;
        if (active.IsActive)
            return frames.TryReference(active.Mfn, _domain.Id);

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
        ActiveEntry active = _memory.Open<ActiveEntry>(Frames.ActiveAddress(reference));
        _memory.Unmap();
        return active;
    }
}
