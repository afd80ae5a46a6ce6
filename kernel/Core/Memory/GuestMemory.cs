using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Memory;

/// <summary>
/// Copies to and from guest memory. What a guest names is an allegation: each page is translated by the guest's tables and the
/// domain's address space, with its <see cref="Physmap.Lock"/> held from there until it is copied, so that the frame cannot
/// go away. A copy that fails has copied an unknown part; it never succeeds in part.
/// </summary>
public static class GuestMemory
{
    /// <summary>Copies a structure from guest-virtual address <paramref name="gva"/>; false: nothing the guest's kernel could read.</summary>
    public static bool TryRead<T>(Vcpu vcpu, ulong gva, out T value)
        where T : unmanaged
    {
        value = default;
        return TryReadBytes(vcpu, gva, MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref value, 1)));
    }

    /// <summary>Copies a structure to guest-virtual address <paramref name="gva"/>; false: nothing the guest's kernel could write.</summary>
    public static bool TryWrite<T>(Vcpu vcpu, ulong gva, in T value)
        where T : unmanaged
    {
        T copy = value;
        return TryWriteBytes(vcpu, gva, MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref copy, 1)));
    }

    /// <summary>Fills <paramref name="bytes"/> from guest-virtual address <paramref name="gva"/>.</summary>
    public static bool TryReadBytes(Vcpu vcpu, ulong gva, Span<byte> bytes)
    {
        while (bytes.Length > PhysicalMemory.FrameSize - Offset(gva))
        {
            int count = PhysicalMemory.FrameSize - Offset(gva);
            if (!TryReadPart(vcpu, gva, GuestAccess.Read, bytes.Slice(0, count)) || !Advance(ref gva, count))
            {
                return false;
            }

            bytes = bytes.Slice(count);
        }

        return bytes.Length == 0 || TryReadPart(vcpu, gva, GuestAccess.Read, bytes);
    }

    /// <summary>Copies <paramref name="bytes"/> to guest-virtual address <paramref name="gva"/>.</summary>
    public static bool TryWriteBytes(Vcpu vcpu, ulong gva, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > PhysicalMemory.FrameSize - Offset(gva))
        {
            int count = PhysicalMemory.FrameSize - Offset(gva);
            if (!TryWritePart(vcpu, gva, bytes.Slice(0, count)) || !Advance(ref gva, count))
            {
                return false;
            }

            bytes = bytes.Slice(count);
        }

        return bytes.Length == 0 || TryWritePart(vcpu, gva, bytes);
    }

    /// <summary>
    /// Reads the instruction at linear address <paramref name="address"/> again, as much of it as is mapped. Returns the number of bytes.
    /// </summary>
    public static int Fetch(Vcpu vcpu, ulong address, Span<byte> bytes)
    {
        int count = CountInPage(address, bytes.Length);
        if (!TryReadPart(vcpu, address, GuestAccess.Fetch, bytes.Slice(0, count)))
        {
            return 0;
        }

        bool hasRest = count < bytes.Length
            && TryReadPart(vcpu, address + (uint)count, GuestAccess.Fetch, bytes.Slice(count));
        return hasRest ? bytes.Length : count;
    }

    /// <summary>Fills <paramref name="bytes"/> from guest-physical address <paramref name="gpa"/>; false for a hole.</summary>
    public static bool TryReadPhysical(Domain domain, ulong gpa, Span<byte> bytes)
    {
        while (bytes.Length != 0)
        {
            int count = CountInPage(gpa, bytes.Length);
            if (!TryReadPhysicalPart(domain, gpa, bytes.Slice(0, count)))
            {
                return false;
            }

            bytes = bytes.Slice(count);
            gpa += (uint)count;
        }

        return true;
    }

    /// <summary>Copies <paramref name="bytes"/> to guest-physical address <paramref name="gpa"/>; false for what the guest cannot write.</summary>
    public static bool TryWritePhysical(Domain domain, ulong gpa, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length != 0)
        {
            int count = CountInPage(gpa, bytes.Length);
            if (!TryWritePhysicalPart(domain, gpa, bytes.Slice(0, count)))
            {
                return false;
            }

            bytes = bytes.Slice(count);
            gpa += (uint)count;
        }

        return true;
    }

    private static int Offset(ulong address) => (int)address & (PhysicalMemory.FrameSize - 1);

    private static int CountInPage(ulong address, int length) =>
        Math.Min(length, PhysicalMemory.FrameSize - Offset(address));

    // False if the address space ends here, where there is more to copy.
    private static bool Advance(ref ulong address, int count)
    {
        address += (uint)count;
        return address != 0;
    }

    // Locks and windows are closed by hand here: nothing between throws, and this is where hypercalls spend their time.
    private static bool TryReadPart(Vcpu vcpu, ulong gva, GuestAccess access, Span<byte> bytes)
    {
        Domain domain = vcpu.Domain;
        TicketLock guard = domain.Physmap.Lock;
        guard.Enter();
        ulong mfn = FindFrame(vcpu, gva, access);
        if (mfn != 0)
        {
            PhysicalMemory memory = domain.Kernel.Memory.Memory;
            memory.Map(mfn).Slice(Offset(gva), bytes.Length).CopyTo(bytes);
            memory.Unmap();
        }

        guard.Exit();
        return mfn != 0;
    }

    private static bool TryWritePart(Vcpu vcpu, ulong gva, ReadOnlySpan<byte> bytes)
    {
        Domain domain = vcpu.Domain;
        TicketLock guard = domain.Physmap.Lock;
        guard.Enter();
        ulong mfn = FindFrame(vcpu, gva, GuestAccess.Write);
        if (mfn != 0)
        {
            PhysicalMemory memory = domain.Kernel.Memory.Memory;
            bytes.CopyTo(memory.Map(mfn).Slice(Offset(gva)));
            memory.Unmap();
        }

        guard.Exit();
        return mfn != 0;
    }

    // The frame behind an address that the guest's kernel may touch so; 0 if there is none.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong FindFrame(Vcpu vcpu, ulong gva, GuestAccess access)
    {
        ulong page = gva >> PhysicalMemory.FrameShift;
        GuestWalk walk = vcpu.Walks.To(page);
        return access != GuestAccess.Fetch && walk.Holds(vcpu, page, access)
            ? walk.Mfn
            : Translate(vcpu, gva, access, walk);
    }

    private static ulong Translate(Vcpu vcpu, ulong gva, GuestAccess access, GuestWalk walk)
    {
        Physmap physmap = vcpu.Domain.Physmap;
        GfnCache cache = vcpu.Translations;
        cache.Refresh(physmap);
        walk.Begin(vcpu.Hardware.Cr3);
        if (!GuestWalker.TryTranslate(vcpu, gva, access, walk, out ulong gpa, out bool canWrite))
        {
            return 0;
        }

        ulong frame = cache.Find(physmap, gpa >> PhysicalMemory.FrameShift);
        if (frame == 0 || (access == GuestAccess.Write && !GfnCache.IsWritable(frame)))
        {
            return 0;
        }

        ulong mfn = GfnCache.Mfn(frame);
        if (access != GuestAccess.Fetch && !GfnCache.IsForeign(frame))
        {
            walk.Finish(vcpu, gva >> PhysicalMemory.FrameShift, mfn, canWrite && GfnCache.IsWritable(frame));
        }

        return mfn;
    }

    private static bool TryReadPhysicalPart(Domain domain, ulong gpa, Span<byte> bytes)
    {
        using (domain.Physmap.Lock.Hold())
        {
            if (!domain.Physmap.TryLookup(gpa >> PhysicalMemory.FrameShift, out ulong mfn, out _))
            {
                return false;
            }

            using FrameView view = new(domain.Kernel.Memory.Memory, mfn);
            view.Bytes.Slice(Offset(gpa), bytes.Length).CopyTo(bytes);
            return true;
        }
    }

    private static bool TryWritePhysicalPart(Domain domain, ulong gpa, ReadOnlySpan<byte> bytes)
    {
        using (domain.Physmap.Lock.Hold())
        {
            if (!domain.Physmap.TryLookup(gpa >> PhysicalMemory.FrameShift, out ulong mfn, out NestedAccess access)
                || (access & NestedAccess.Write) == 0)
            {
                return false;
            }

            using FrameView view = new(domain.Kernel.Memory.Memory, mfn);
            bytes.CopyTo(view.Bytes.Slice(Offset(gpa)));
            return true;
        }
    }
}
