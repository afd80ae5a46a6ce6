using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Time;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Events;

/// <summary>
/// struct vcpu_info (xen/xen.h): in shared_info for the first vCPUs, or where the guest registered it. A vCPU that has none is told nothing.
/// </summary>
public static class VcpuInfo
{
    /// <summary>evtchn_upcall_pending is set.</summary>
    public static bool IsUpcallPending(Vcpu vcpu)
    {
        if (vcpu.InfoMfn == 0)
            return false;

        FrameView view = new(MemoryOf(vcpu), vcpu.InfoMfn);
        bool isPending = (Volatile.Read(ref view.As<uint>()[vcpu.InfoOffset >> 2]) & 0xFF) != 0;
        view.Dispose();
        return isPending;
    }

    /// <summary>
    /// Sets a bit of evtchn_pending_sel, which is <paramref name="selector"/> 32-bit words into the vcpu_info; the vCPU is told unless the bit
    /// was set already. <paramref name="shared"/> is the shared_info page, which is open. Event lock held.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Select(Vcpu vcpu, Span<uint> shared, int selector, int word)
    {
        if (!vcpu.HasOwnInfo)
        {
            if (vcpu.InfoMfn != 0)
                SelectIn(vcpu, shared, selector, word);

            return;
        }

        FrameView view = new(MemoryOf(vcpu), vcpu.InfoMfn);
        SelectIn(vcpu, view.As<uint>(), selector, word);
        view.Dispose();
    }

    /// <summary>Sets evtchn_upcall_pending; the vCPU is told unless it was set already. Event lock held.</summary>
    public static void MarkPending(Vcpu vcpu)
    {
        if (vcpu.InfoMfn == 0)
            return;

        bool tell;
        using (FrameView view = new(MemoryOf(vcpu), vcpu.InfoMfn))
        {
            tell = TrySetUpcallPending(ref view.As<uint>()[vcpu.InfoOffset >> 2]);
        }

        if (tell)
            vcpu.RaiseUpcall();
    }

    /// <summary>
    /// VCPUOP_register_vcpu_info: moves it, once, to guest memory that stays referenced to the domain's end. Everything is
    /// marked pending, so that no event is lost. ENXIO: bad offset; EINVAL: a second time, or no such page.
    /// </summary>
    public static long Register(Vcpu vcpu, ulong gfn, uint offset)
    {
        if (offset > PhysicalMemory.FrameSize - SharedInfoAbi.VcpuInfoSize || offset % sizeof(uint) != 0)
            return XenError.ENXIO;

        Domain domain = vcpu.Domain;
        using TicketLock.Holder held = domain.EventLock.Hold();
        if (vcpu.HasOwnInfo)
            return XenError.EINVAL;

        if (!domain.Memory.TryPin(gfn, out ulong mfn))
            return XenError.EINVAL;

        Move(vcpu, mfn, (int)offset);
        PvClock.PublishInfo(vcpu);
        SelectAll(vcpu);
        vcpu.RaiseUpcall();
        return 0;
    }

    /// <summary>Gives back the reference to a registered vcpu_info; the domain has ended.</summary>
    public static void Release(Vcpu vcpu)
    {
        if (vcpu.HasOwnInfo)
            vcpu.Domain.Memory.Unpin(vcpu.InfoMfn);

        vcpu.HasOwnInfo = false;
        vcpu.InfoMfn = 0;
    }

    private static PhysicalMemory MemoryOf(Vcpu vcpu) => vcpu.Domain.Kernel.Machine.Memory;

    private static void Move(Vcpu vcpu, ulong mfn, int offset)
    {
        Span<byte> content = stackalloc byte[SharedInfoAbi.VcpuInfoSize];
        content.Clear();
        if (vcpu.InfoMfn != 0)
        {
            using FrameView old = new(MemoryOf(vcpu), vcpu.InfoMfn);
            old.Bytes.Slice(vcpu.InfoOffset, content.Length).CopyTo(content);
        }

        using FrameView view = new(MemoryOf(vcpu), mfn);
        content.CopyTo(view.Bytes.Slice(offset));
        vcpu.InfoMfn = mfn;
        vcpu.InfoOffset = offset;
        vcpu.HasOwnInfo = true;
    }

    private static void SelectAll(Vcpu vcpu)
    {
        bool narrow = vcpu.Domain.HasNarrowSharedInfo;
        using FrameView view = new(MemoryOf(vcpu), vcpu.InfoMfn);
        Span<byte> info = view.Bytes.Slice(vcpu.InfoOffset);
        info.Slice(SharedInfoAbi.PendingSelector(narrow), SharedInfoAbi.BitsPerWord(narrow) / 8).Fill(0xFF);
        TrySetUpcallPending(ref MemoryMarshal.AsRef<uint>(info));
    }

    // In the page, as 32-bit words, that holds the vcpu_info.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SelectIn(Vcpu vcpu, Span<uint> page, int selector, int word)
    {
        int at = vcpu.InfoOffset >> 2;
        uint bit = 1u << (word & 31);
        if (AtomicBits.TrySet(ref page[at + selector + (word >> 5)], bit) && TrySetUpcallPending(ref page[at]))
            vcpu.RaiseUpcall();
    }

    // The byte shares its word with the mask byte, which is the guest's.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TrySetUpcallPending(ref uint firstWord)
    {
        if ((Volatile.Read(ref firstWord) & 0xFF) != 0)
            return false;

        Interlocked.Or(ref firstWord, 1);
        return true;
    }
}
