using System.Runtime.CompilerServices;
using System.Threading;
using Microkernel.Core.Hardware;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Memory;

/// <summary>
/// Translates a guest-virtual address by the guest's own page tables, as its CPU does for a data access of its kernel
/// (AMD APM vol. 2, chapter 5): no paging, 32-bit, PAE and four-level tables, pages of all sizes, write protection,
/// SMAP, accessed and dirty bits. The caller holds the domain's <see cref="Physmap.Lock"/> and has refreshed the vCPU's
/// <see cref="GfnCache"/>.
/// </summary>
public readonly ref struct GuestWalker
{
    private const ulong Present = 1;
    private const ulong Writable = 1 << 1;
    private const ulong User = 1 << 2;
    private const ulong Accessed = 1 << 5;
    private const ulong Dirty = 1 << 6;
    private const ulong Large = 1 << 7;
    private const ulong FrameMask = 0x000F_FFFF_FFFF_F000;
    private const ulong PageOffset = PhysicalMemory.FrameSize - 1;
    private const ulong Cr0WriteProtect = 1UL << 16;
    private const ulong Cr0Paging = 1UL << 31;
    private const ulong Cr4PageSizeExtensions = 1UL << 4;
    private const ulong Cr4Pae = 1UL << 5;
    private const ulong Cr4Smap = 1UL << 21;
    internal const ulong EferLongModeActive = 1UL << 10;
    private const ulong FlagsAlignmentCheck = 1UL << 18;
    private const int LongModeLevels = 4;

    // Entries of the top level are never leaves.
    private const int TopShift = PhysicalMemory.FrameShift + ((LongModeLevels - 1) * 9);

    private readonly Physmap _physmap;
    private readonly PhysicalMemory _memory;
    private readonly GfnCache _cache;
    private readonly bool _isWrite;

    // Bits that every entry on the way must have, and those that the whole way together must not.
    private readonly ulong _required;
    private readonly bool _refusesUserPages;

    // Where the way through four-level tables is noted down, or null.
    private readonly GuestWalk? _walk;

    private GuestWalker(Vcpu vcpu, ulong cr0, GuestAccess access, GuestWalk? walk)
    {
        _walk = walk;
        _physmap = vcpu.Domain.Physmap;
        _memory = vcpu.Domain.Kernel.Memory.Memory;
        _cache = vcpu.Translations;
        _isWrite = access == GuestAccess.Write;
        _required = _isWrite && (cr0 & Cr0WriteProtect) != 0 ? Present | Writable : Present;
        _refusesUserPages = RefusesUserPages(vcpu.Hardware, access);
    }

    /// <summary>SMAP keeps the guest's kernel from data of its user code.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool RefusesUserPages(VcpuHardware hardware, GuestAccess access) =>
        (hardware.Cr4 & Cr4Smap) != 0
        && access != GuestAccess.Fetch
        && (hardware.Registers.Rflags & FlagsAlignmentCheck) == 0;

    /// <summary>
    /// The guest-physical address behind <paramref name="gva"/>; false if the guest's kernel would get a page fault, or a
    /// table lies in a hole of its memory.
    /// </summary>
    /// <param name="vcpu">Whose tables.</param>
    /// <param name="gva">The address.</param>
    /// <param name="access">What for.</param>
    /// <param name="walk">Gets the way through four-level tables; may be null.</param>
    /// <param name="gpa">The result.</param>
    /// <param name="canWrite">A write to this page would succeed too and leave no new mark.</param>
    public static bool TryTranslate(Vcpu vcpu, ulong gva, GuestAccess access, GuestWalk? walk, out ulong gpa, out bool canWrite)
    {
        VcpuHardware hardware = vcpu.Hardware;
        ulong cr0 = hardware.Cr0;
        bool isLong = (hardware.Efer & EferLongModeActive) != 0;
        gpa = gva;
        canWrite = true;
        if (isLong ? (ulong)((long)(gva << 16) >> 16) != gva : gva > uint.MaxValue)
            return false;

        if ((cr0 & Cr0Paging) == 0)
            return true;

        ulong cr4 = hardware.Cr4;
        GuestWalker walker = new(vcpu, cr0, access, isLong ? walk : null);
        if (isLong)
            return walker.Walk(hardware.Cr3 & FrameMask, LongModeLevels, gva, out gpa, out canWrite);

        canWrite = access == GuestAccess.Write;
        return (cr4 & Cr4Pae) != 0
            ? walker.WalkPae((uint)hardware.Cr3, gva, out gpa)
            : walker.WalkLegacy((uint)hardware.Cr3, (cr4 & Cr4PageSizeExtensions) != 0, gva, out gpa);
    }

    // Tables of 512 entries of 8 bytes, from the given level down to 1. Each entry is checked, and marked as the CPU marks
    // it. The windows are closed by hand: nothing between throws, and this is where hypercalls spend their time.
    private bool Walk(ulong table, int level, ulong gva, out ulong gpa, out bool canWrite)
    {
        ulong rights = ulong.MaxValue;
        gpa = 0;
        canWrite = false;
        for (int shift = PhysicalMemory.FrameShift + ((level - 1) * 9); ; shift -= 9)
        {
            ulong frame = _cache.Find(_physmap, table >> PhysicalMemory.FrameShift);
            if (frame == 0)
                return false;

            ulong place = (GfnCache.Mfn(frame) << PhysicalMemory.FrameShift) + ((gva >> shift & 511) * sizeof(ulong));
            ref ulong slot = ref _memory.Open<ulong>(place);
            ulong entry = Volatile.Read(ref slot);
            rights &= entry;
            if (shift != PhysicalMemory.FrameShift && (entry & (Present | Accessed | Large)) == (Present | Accessed))
            {
                // A table that was used before, as nearly always.
                _memory.Unmap();
                Note(frame, place, entry);
                table = entry & FrameMask;
                continue;
            }

            bool isLeaf = shift == PhysicalMemory.FrameShift || (entry & Large) != 0;
            bool allowed = (entry & Present) != 0 && !(isLeaf && (shift == TopShift || !AllowsLeaf(rights)));
            ulong marks = MarksFor(isLeaf);
            if (allowed && (entry & marks) != marks && GfnCache.IsWritable(frame))
            {
                Interlocked.Or(ref slot, marks);
                entry |= marks;
            }

            _memory.Unmap();
            Note(frame, place, entry);
            if (isLeaf | !allowed)
            {
                _walk?.SetUsers((rights & User) != 0);
                ulong offset = (1UL << shift) - 1;
                gpa = (entry & FrameMask & ~offset) | (gva & offset);
                canWrite = _isWrite || ((rights & Writable) != 0 && (entry & Dirty) != 0);
                return allowed;
            }

            table = entry & FrameMask;
        }
    }

    // A table in another domain's page can go away unnoticed: a way through it is not kept.
    private void Note(ulong frame, ulong place, ulong entry) => _walk?.Add(place, entry, GfnCache.IsForeign(frame));

    // What all entries of the way to a page allow together.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool AllowsLeaf(ulong rights) =>
        (rights & _required) == _required && !(_refusesUserPages && (rights & User) != 0);

    // The four entries at the top have neither rights nor accessed bits.
    private bool WalkPae(uint cr3, ulong gva, out ulong gpa)
    {
        gpa = 0;
        ulong address = (cr3 & ~31u) + (gva >> 30 << 3);
        return TryReadTopEntry(address, out ulong entry)
            && (entry & Present) != 0
            && Walk(entry & FrameMask, 2, gva, out gpa, out _);
    }

    private bool TryReadTopEntry(ulong address, out ulong entry)
    {
        entry = 0;
        if (!TryFindTable(address, out ulong mfn, out _))
            return false;

        using FrameView view = new(_memory, mfn);
        entry = Volatile.Read(ref view.As<ulong>()[(int)(address & PageOffset) >> 3]);
        return true;
    }

    // Two levels of 1024 entries of 4 bytes.
    private bool WalkLegacy(uint cr3, bool hasLargePages, ulong gva, out ulong gpa)
    {
        ulong user = User;
        gpa = 0;
        if (!TryLegacyStep(cr3, (int)(gva >> 22), hasLargePages, false, ref user, out uint entry))
            return false;

        if (hasLargePages && (entry & Large) != 0)
        {
            // PSE-36: bits 13 to 20 are bits 32 to 39 of the address.
            gpa = (entry & 0xFFC0_0000u) | ((ulong)(entry >> 13 & 0xFF) << 32) | (gva & 0x3F_FFFF);
            return true;
        }

        bool found = TryLegacyStep(entry, (int)(gva >> 12) & 1023, false, true, ref user, out entry);
        gpa = (entry & ~PageOffset) | (gva & PageOffset);
        return found;
    }

    private bool TryLegacyStep(uint table, int index, bool mayBeLeaf, bool isLast, ref ulong user, out uint entry)
    {
        entry = 0;
        if (!TryFindTable(table, out ulong mfn, out bool tableIsWritable))
            return false;

        using FrameView view = new(_memory, mfn);
        ref uint slot = ref view.As<uint>()[index];
        entry = Volatile.Read(ref slot);
        bool isLeaf = isLast || (mayBeLeaf && (entry & Large) != 0);
        if (!IsAllowed(entry, isLeaf, ref user))
            return false;

        uint marks = (uint)MarksFor(isLeaf);
        if ((entry & marks) != marks && tableIsWritable)
            Interlocked.Or(ref slot, marks);

        return true;
    }

    private bool TryFindTable(ulong address, out ulong mfn, out bool isWritable)
    {
        ulong frame = _cache.Find(_physmap, address >> PhysicalMemory.FrameShift);
        mfn = GfnCache.Mfn(frame);
        isWritable = GfnCache.IsWritable(frame);
        return frame != 0;
    }

    // A page is the user's if every entry on the way says so.
    private bool IsAllowed(ulong entry, bool isLeaf, ref ulong user)
    {
        user &= entry;
        return (entry & _required) == _required && !(isLeaf && _refusesUserPages && user != 0);
    }

    private ulong MarksFor(bool isLeaf) => isLeaf && _isWrite ? Accessed | Dirty : Accessed;
}
