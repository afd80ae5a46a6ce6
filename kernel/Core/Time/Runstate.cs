using System;
using System.Runtime.InteropServices;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Time;

/// <summary>How long a vCPU was in which state: struct vcpu_runstate_info (xen/vcpu.h), and where the guest wants to see it.</summary>
public sealed class Runstate(Vcpu vcpu)
{
    /// <summary>Bytes of struct vcpu_runstate_info for a 64-bit guest.</summary>
    public const int Size = 48;

    /// <summary>The same for a 32-bit guest.</summary>
    public const int NarrowSize = 44;

    private const ulong UpdateFlag = 1UL << 63;

    private readonly TicketLock _lock = new();
    private readonly ulong[] _times = new ulong[4];
    private RunstateKind _state = RunstateKind.Offline;
    private ulong _entered;

    /// <summary>Guest-virtual address of the copy in guest memory (VCPUOP_register_runstate_memory_area); 0 for none.</summary>
    public ulong Area { get; set; }

    /// <summary>Guest-virtual address of a second vcpu_time_info (VCPUOP_register_vcpu_time_memory_area); 0 for none.</summary>
    public ulong TimeArea { get; set; }

    /// <summary>The vCPU changes its state now.</summary>
    public void Enter(RunstateKind kind)
    {
        using TicketLock.Holder held = _lock.Hold();
        ulong now = vcpu.Domain.Kernel.Clock.Now();
        Account(now);
        _state = kind;
    }

    /// <summary>Composes the structure as it is now; returns its size. <paramref name="bytes"/>: at least <see cref="Size"/>.</summary>
    public int Read(Span<byte> bytes, bool narrow, bool now)
    {
        using TicketLock.Holder held = _lock.Hold();
        ulong passed = now ? vcpu.Domain.Kernel.Clock.Now() - _entered : 0;
        int at = narrow ? 4 : 8;
        MemoryMarshal.Write(bytes, (ulong)_state);
        MemoryMarshal.Write(bytes.Slice(at), _entered);
        for (int i = 0; i < _times.Length; i++)
        {
            ulong time = i == (int)_state ? _times[i] + passed : _times[i];
            MemoryMarshal.Write(bytes.Slice(at + 8 + (8 * i)), time);
        }

        return narrow ? NarrowSize : Size;
    }

    /// <summary>
    /// Writes the copy in guest memory. On the vCPU's own CPU, by its own page tables; an address that does not work is not written.
    /// </summary>
    public void Publish()
    {
        if (Area == 0)
        {
            return;
        }

        Domain domain = vcpu.Domain;
        Span<byte> bytes = stackalloc byte[Size];
        int size = Read(bytes, domain.HasNarrowSharedInfo, now: false);
        if (!domain.MarksRunstateUpdates)
        {
            GuestMemory.TryWriteBytes(vcpu, Area, bytes.Slice(0, size));
            return;
        }

        int at = domain.HasNarrowSharedInfo ? 4 : 8;
        if (GuestMemory.TryWrite(vcpu, Area + (ulong)at, _entered | UpdateFlag))
        {
            MemoryMarshal.Write(bytes.Slice(at), _entered | UpdateFlag);
            GuestMemory.TryWriteBytes(vcpu, Area, bytes.Slice(0, size));
            GuestMemory.TryWrite(vcpu, Area + (ulong)at, _entered);
        }
    }

    /// <summary>As for a new domain's vCPU.</summary>
    public void Reset()
    {
        using TicketLock.Holder held = _lock.Hold();
        _times.AsSpan().Clear();
        _state = RunstateKind.Offline;
        _entered = vcpu.Domain.Kernel.Clock.Now();
        Area = 0;
        TimeArea = 0;
    }

    private void Account(ulong now)
    {
        _times[(int)_state] += now - _entered;
        _entered = now;
    }
}
