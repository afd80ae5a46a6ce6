using System;
using System.Runtime.InteropServices;
using System.Threading;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Time;

/// <summary>
/// The paravirtual clock: struct vcpu_time_info (xen/xen.h). All vCPUs of a domain get the same reference point, the moment when the
/// domain's time stamp counter was 0, and the host's counter is the same on all CPUs: the guest reads the same time everywhere, and may
/// be told so (XEN_PVCLOCK_TSC_STABLE_BIT). It is written anew only when something of it changes.
/// </summary>
public static class PvClock
{
    private const byte TscStable = 1;

    /// <summary>Writes the clocks of a new domain, whose time stamp counter is set.</summary>
    public static void Start(Domain domain)
    {
        PublishWallClock(domain);
        foreach (Vcpu vcpu in domain.Vcpus)
            PublishInfo(vcpu);
    }

    /// <summary>Writes the clock of <paramref name="vcpu"/> wherever the guest wants it. On the vCPU's own CPU.</summary>
    public static void Publish(Vcpu vcpu)
    {
        using (vcpu.Domain.EventLock.Hold())
        {
            PublishInfo(vcpu);
        }

        PublishArea(vcpu);
    }

    /// <summary>Writes the clock into the vcpu_info. Event lock held.</summary>
    public static void PublishInfo(Vcpu vcpu)
    {
        if (vcpu.InfoMfn == 0)
            return;

        using FrameView view = new(vcpu.Domain.Kernel.Machine.Memory, vcpu.InfoMfn);
        Span<byte> area = view.Bytes.Slice(vcpu.InfoOffset + SharedInfoAbi.VcpuTime, SharedInfoAbi.VcpuTimeSize);
        ref uint version = ref MemoryMarshal.AsRef<uint>(area);
        uint next = (version | 1) + 1;
        Volatile.Write(ref version, next - 1);
        Interlocked.MemoryBarrier();
        Compose(vcpu, area.Slice(sizeof(uint)));
        Interlocked.MemoryBarrier();
        Volatile.Write(ref version, next);
    }

    /// <summary>Writes wc_version, wc_sec and wc_nsec into shared_info: the wall-clock time when system time was 0.</summary>
    public static void PublishWallClock(Domain domain)
    {
        Kernel kernel = domain.Kernel;
        ulong start = kernel.Machine.ReadWallClock() - kernel.Clock.Now();
        bool narrow = domain.HasNarrowSharedInfo;
        using FrameView view = new(kernel.Machine.Memory, domain.SharedInfoMfn);
        Span<uint> words = view.As<uint>();
        int at = SharedInfoAbi.WallClock(narrow) / sizeof(uint);
        ref uint version = ref words[at];
        uint next = (version | 1) + 1;
        Volatile.Write(ref version, next - 1);
        Interlocked.MemoryBarrier();
        words[at + 1] = (uint)(start / Clock.Second);
        words[at + 2] = (uint)(start % Clock.Second);
        words[SharedInfoAbi.WallClockHigh(narrow) / sizeof(uint)] = (uint)(start / Clock.Second >> 32);
        Interlocked.MemoryBarrier();
        Volatile.Write(ref version, next);
    }

    // The copy for user space (VCPUOP_register_vcpu_time_memory_area). An address that does not work is not written.
    private static void PublishArea(Vcpu vcpu)
    {
        ulong gva = vcpu.Runstate.TimeArea;
        if (gva == 0 || !GuestMemory.TryRead(vcpu, gva, out uint version))
            return;

        Span<byte> area = stackalloc byte[SharedInfoAbi.VcpuTimeSize];
        uint next = (version | 1) + 1;
        MemoryMarshal.Write(area, next - 1);
        Compose(vcpu, area.Slice(sizeof(uint)));
        if (GuestMemory.TryWriteBytes(vcpu, gva, area))
            GuestMemory.TryWrite(vcpu, gva, next);
    }

    // All of struct vcpu_time_info behind the version.
    private static void Compose(Vcpu vcpu, Span<byte> rest)
    {
        Clock clock = vcpu.Domain.Kernel.Clock;
        ulong zero = vcpu.Domain.StartTsc;
        MemoryMarshal.Write(rest, 0u);
        MemoryMarshal.Write(rest.Slice(4), zero + vcpu.Hardware.TscOffset);
        MemoryMarshal.Write(rest.Slice(12), clock.At(zero));
        MemoryMarshal.Write(rest.Slice(20), clock.Multiplier);
        rest[24] = (byte)clock.Shift;
        rest[25] = TscStable;
        rest[26] = 0;
        rest[27] = 0;
    }
}
