using System;
using System.Runtime.InteropServices;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;

namespace Microkernel.Core.Boot;

/// <summary>Writes into the memory of a domain that is being built and has never run.</summary>
public readonly struct GuestWriter
{
    private readonly Domain _domain;
    private readonly PhysicalMemory _memory;

    /// <summary>A writer into <paramref name="domain"/>.</summary>
    public GuestWriter(Domain domain)
    {
        _domain = domain;
        _memory = domain.Kernel.Machine.Memory;
    }

    /// <summary>Writes a structure; false if a page is not there.</summary>
    public bool TryWrite<T>(ulong gpa, in T value)
        where T : unmanaged => TryWriteBytes(gpa, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    /// <summary>Writes bytes; false if a page is not there.</summary>
    public bool TryWriteBytes(ulong gpa, scoped ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            int within = (int)(gpa & (PhysicalMemory.FrameSize - 1));
            int count = Math.Min(bytes.Length, PhysicalMemory.FrameSize - within);
            if (!TryFind(gpa, out ulong mfn))
                return false;

            using FrameView view = new(_memory, mfn);
            bytes.Slice(0, count).CopyTo(view.Bytes.Slice(within));
            bytes = bytes.Slice(count);
            gpa += (ulong)count;
        }

        return true;
    }

    /// <summary>Copies a part of a module; false if it ends before or a page is not there.</summary>
    public bool TryCopy(ulong gpa, in ModuleReader module, ulong offset, ulong length)
    {
        while (length > 0)
        {
            int within = (int)(gpa & (PhysicalMemory.FrameSize - 1));
            int count = (int)Math.Min(length, (ulong)(PhysicalMemory.FrameSize - within));
            if (!TryFind(gpa, out ulong mfn))
                return false;

            using FrameView view = new(_memory, mfn);
            if (!module.TryRead(offset, view.Bytes.Slice(within, count)))
                return false;

            gpa += (ulong)count;
            offset += (ulong)count;
            length -= (ulong)count;
        }

        return true;
    }

    /// <summary>The frame of guest memory at an address; false if there is none.</summary>
    public bool TryFind(ulong gpa, out ulong mfn)
    {
        using TicketLock.Holder held = _domain.Physmap.Lock.Hold();
        bool found = _domain.Physmap.TryLookup(gpa >> PhysicalMemory.FrameShift, out PhysmapEntry entry);
        mfn = entry.Mfn;
        return found && entry.Kind == PageKind.Ram;
    }
}
