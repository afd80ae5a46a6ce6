using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using Microkernel.Core.Domains;
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
    private const int TimesAt = 16;

    // In ticks of the time stamp counter: they become nanoseconds only when somebody looks. A vCPU changes its state on one CPU at a time;
    // the version is odd meanwhile, so that others who look see a whole picture.
    private readonly ulong[] _times = new ulong[4];
    private RunstateKind _state = RunstateKind.Offline;
    private ulong _entered;
    private uint _version;

    /// <summary>Guest-virtual address of the copy in guest memory (VCPUOP_register_runstate_memory_area); 0 for none.</summary>
    public ulong Area { get; set; }

    /// <summary>Guest-virtual address of a second vcpu_time_info (VCPUOP_register_vcpu_time_memory_area); 0 for none.</summary>
    public ulong TimeArea { get; set; }

    /// <summary>The vCPU changes its state; <paramref name="now"/>: the time stamp counter.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Enter(RunstateKind kind, ulong now)
    {
        Volatile.Write(ref _version, _version + 1);
        _times[(int)_state] += now - _entered;
        _entered = now;
        _state = kind;
        Volatile.Write(ref _version, _version + 1);
    }

    /// <summary>Composes the structure as it is now; returns its size. <paramref name="bytes"/>: at least <see cref="Size"/>.</summary>
    public int Read(Span<byte> bytes, bool narrow, bool now)
    {
        while (true)
        {
            uint version = Volatile.Read(ref _version);
            Compose(bytes, narrow ? 4 : 8, now ? vcpu.Domain.Kernel.Machine.ReadTsc() : 0);
            Interlocked.MemoryBarrier();
            if (version % 2 == 0 && Volatile.Read(ref _version) == version)
                return narrow ? NarrowSize : Size;

            Thread.SpinWait(1);
        }
    }

    /// <summary>Nanoseconds that it was in a state, up to now.</summary>
    public ulong TimeIn(RunstateKind kind)
    {
        Span<byte> bytes = stackalloc byte[Size];
        Read(bytes, narrow: false, now: true);
        return MemoryMarshal.Read<ulong>(bytes.Slice(TimesAt + (8 * (int)kind)));
    }

    /// <summary>
    /// Writes the copy in guest memory. On the vCPU's own CPU, by its own page tables; an address that does not work is not written.
    /// </summary>
    public void Publish()
    {
        if (Area != 0)
            WriteArea();
    }

    /// <summary>As for a new domain's vCPU. It is at rest.</summary>
    public void Reset()
    {
        _times.AsSpan().Clear();
        _state = RunstateKind.Offline;
        _entered = vcpu.Domain.Kernel.Machine.ReadTsc();
        Area = 0;
        TimeArea = 0;
    }

    private void WriteArea()
    {
        Domain domain = vcpu.Domain;
        Span<byte> bytes = stackalloc byte[Size];
        int size = Read(bytes, domain.HasNarrowSharedInfo, now: false);
        if (!domain.MarksRunstateUpdates)
        {
            GuestMemory.TryWriteBytes(vcpu, Area, bytes.Slice(0, size));
            return;
        }

        int at = domain.HasNarrowSharedInfo ? 4 : 8;
        ulong entered = MemoryMarshal.Read<ulong>(bytes.Slice(at));
        if (GuestMemory.TryWrite(vcpu, Area + (ulong)at, entered | UpdateFlag))
        {
            MemoryMarshal.Write(bytes.Slice(at), entered | UpdateFlag);
            GuestMemory.TryWriteBytes(vcpu, Area, bytes.Slice(0, size));
            GuestMemory.TryWrite(vcpu, Area + (ulong)at, entered);
        }
    }

    // state, state_entry_time, time[4]; the current state's time up to now, or to the start of that state (0).
    private void Compose(Span<byte> bytes, int at, ulong now)
    {
        Clock clock = vcpu.Domain.Kernel.Clock;
        ulong entered = _entered;
        RunstateKind state = _state;
        MemoryMarshal.Write(bytes, (ulong)state);
        MemoryMarshal.Write(bytes.Slice(at), clock.At(entered));
        for (int i = 0; i < _times.Length; i++)
        {
            ulong ticks = i == (int)state && now > entered ? _times[i] + now - entered : _times[i];
            MemoryMarshal.Write(bytes.Slice(at + 8 + (8 * i)), clock.ToNanoseconds(ticks));
        }
    }
}
