using System;
using System.Runtime.CompilerServices;
using Microkernel.Core.Hardware;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Memory;

/// <summary>
/// The translation of a guest-virtual page, with every entry of the guest's four-level tables on its way. As with the CPU's own TLB it may
/// be used until the guest flushes it, and the vCPU executes nothing until it is entered again; after that, because nobody tells when a
/// guest changes its tables, it holds if all the entries are still what they were.
/// </summary>
public sealed class GuestWalk
{
    private const int Levels = 4;
    private const ulong NoPage = ulong.MaxValue;

    private readonly EntryObservation[] _entries = new EntryObservation[Levels];
    private int _count;
    private ulong _page = NoPage;
    private ulong _root;
    private ulong _generation;
    private ulong _exit;
    private bool _isUsers;
    private bool _isFleeting;
    private bool _isWritable;

    /// <summary>The frame at the end.</summary>
    internal ulong Mfn { get; private set; }

    /// <summary>It is the translation of <paramref name="page"/> for a read, or a write, by the guest's kernel; never for a fetch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Holds(GuestWalks walks, ulong page, GuestAccess access)
    {
        if (_page != page
            || _generation != walks.Physmap.Generation
            || (access != GuestAccess.Read && !(_isWritable && access == GuestAccess.Write))
            || (_exit != walks.Exit && !StillHolds(walks, access)))
        {
            return false;
        }

        _exit = walks.Exit;
        return true;
    }

    /// <summary>Starts over with a walk from <paramref name="root"/>.</summary>
    internal void Begin(ulong root)
    {
        _page = NoPage;
        _count = 0;
        _root = root;
        _isUsers = false;
        _isFleeting = true;
    }

    /// <summary>Adds an entry that was seen on the way down. What goes through a foreign table holds until the next entry only.</summary>
    internal void Add(ulong address, ulong value, bool isForeign)
    {
        _isFleeting = (_isFleeting && _count != 0) | isForeign;
        ref EntryObservation entry = ref _entries[_count++];
        entry.Address = address;
        entry.Value = value;
    }

    /// <summary>All entries allow accesses of user code: whether the kernel may, too, depends on SMAP.</summary>
    internal void SetUsers(bool isUsers) => _isUsers = isUsers;

    /// <summary>The walk has succeeded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Finish(GuestWalks walks, ulong page, ulong mfn, bool isWritable)
    {
        _page = page;
        _generation = walks.Physmap.Generation;
        _exit = walks.Exit;
        _isWritable = isWritable;
        Mfn = mfn;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool StillHolds(GuestWalks walks, GuestAccess access)
    {
        VcpuHardware hardware = walks.Vcpu.Hardware;
        return !_isFleeting
            && _root == hardware.Cr3
            && (hardware.Efer & GuestWalker.EferLongModeActive) != 0
            && !(_isUsers && GuestWalker.RefusesUserPages(hardware, access))
            && walks.Memory.AreUnchanged(_entries.AsSpan(0, _count));
    }
}
