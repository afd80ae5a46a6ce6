using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRead<T>(Vcpu vcpu, ulong gva, out T value)
        where T : unmanaged
    {
        value = default;
        return TryReadBytes(vcpu, gva, MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref value, 1)));
    }

    /// <summary>Copies a structure to guest-virtual address <paramref name="gva"/>; false: nothing the guest's kernel could write.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryWrite<T>(Vcpu vcpu, ulong gva, in T value)
        where T : unmanaged => TryWriteBytes(vcpu, gva, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    /// <summary>Fills <paramref name="bytes"/> from guest-virtual address <paramref name="gva"/>.</summary>
    public static bool TryReadBytes(Vcpu vcpu, ulong gva, Span<byte> bytes) =>
        TryCopy(vcpu.Walks, gva, GuestAccess.Read, bytes);

    /// <summary>Copies <paramref name="bytes"/> to guest-virtual address <paramref name="gva"/>.</summary>
    // A copy to the guest only reads the span.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryWriteBytes(Vcpu vcpu, ulong gva, ReadOnlySpan<byte> bytes) =>
        TryCopy(vcpu.Walks, gva, GuestAccess.Write, MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(bytes), bytes.Length));

    /// <summary>
    /// Reads the instruction at linear address <paramref name="address"/> again, as much of it as is mapped. Returns the number of bytes.
    /// </summary>
    public static int Fetch(Vcpu vcpu, ulong address, Span<byte> bytes)
    {
        int count = Math.Min(bytes.Length, PhysicalMemory.FrameSize - Offset(address));
        if (!TryCopy(vcpu.Walks, address, GuestAccess.Fetch, bytes.Slice(0, count)))
            return 0;

        return TryCopy(vcpu.Walks, address + (uint)count, GuestAccess.Fetch, bytes.Slice(count)) ? bytes.Length : count;
    }

    private static int Offset(ulong address) => (int)address & (PhysicalMemory.FrameSize - 1);

    // The lock is released by hand here: nothing between throws, and this is where hypercalls spend their time.
    private static bool TryCopy(GuestWalks walks, ulong gva, GuestAccess access, Span<byte> bytes)
    {
        if ((uint)(bytes.Length - 1) >= (uint)(PhysicalMemory.FrameSize - Offset(gva)))
            return TryCopyPages(walks, gva, access, bytes);

        walks.Lock.Enter();
        GuestWalk walk = walks.To(gva >> PhysicalMemory.FrameShift);
        ulong mfn = walk.Holds(walks, gva >> PhysicalMemory.FrameShift, access) ? walk.Mfn : Translate(walks, gva, access, walk);
        if (mfn != 0)
        {
            ulong address = (mfn << PhysicalMemory.FrameShift) + (uint)Offset(gva);
            walks.Memory.Copy(address, bytes, access == GuestAccess.Write);
        }

        walks.Lock.Exit();
        return mfn != 0;
    }

    // Nothing at all, or more than one page. False if the address space ends where there is more to copy.
    private static bool TryCopyPages(GuestWalks walks, ulong gva, GuestAccess access, Span<byte> bytes)
    {
        for (int count; bytes.Length != 0; bytes = bytes.Slice(count), gva += (uint)count)
        {
            count = Math.Min(bytes.Length, PhysicalMemory.FrameSize - Offset(gva));
            if (!TryCopy(walks, gva, access, bytes.Slice(0, count)) || (count < bytes.Length && gva + (uint)count == 0))
                return false;
        }

        return true;
    }

    // The frame behind an address that the guest's kernel may touch so; 0 if there is none.
    private static ulong Translate(GuestWalks walks, ulong gva, GuestAccess access, GuestWalk walk)
    {
        Vcpu vcpu = walks.Vcpu;
        Physmap physmap = walks.Physmap;
        GfnCache cache = vcpu.Translations;
        cache.Refresh(physmap);
        walk.Begin(vcpu.Hardware.Cr3);
        if (!GuestWalker.TryTranslate(vcpu, gva, access, walk, out ulong gpa, out bool canWrite))
            return 0;

        ulong frame = cache.Find(physmap, gpa >> PhysicalMemory.FrameShift);
        if (frame == 0 || (access == GuestAccess.Write && !GfnCache.IsWritable(frame)))
            return 0;

        ulong mfn = GfnCache.Mfn(frame);
        if (access != GuestAccess.Fetch && !GfnCache.IsForeign(frame))
            walk.Finish(walks, gva >> PhysicalMemory.FrameShift, mfn, canWrite && GfnCache.IsWritable(frame));

        return mfn;
    }
}
