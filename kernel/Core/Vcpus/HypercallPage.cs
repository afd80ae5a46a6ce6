using System;
using Microkernel.Core.Domains;
using Microkernel.Core.Events;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;

namespace Microkernel.Core.Vcpus;

/// <summary>
/// The page of stubs through which a guest makes hypercalls (xen/arch-x86/cpuid.h): it writes a page's address to an MSR and finds one stub
/// of 32 bytes for each hypercall there.
/// </summary>
public static class HypercallPage
{
    private const int StubSize = 32;
    private const int Iret = 23;
    private const byte Breakpoint = 0xCC;
    private const ulong PageIndexMask = 0xFFF;

    /// <summary>Fills the guest's page; false (#GP) if it is not memory that the guest can write. There is one such page: index 0.</summary>
    public static bool TryWrite(Vcpu vcpu, ulong value)
    {
        if ((value & PageIndexMask) != 0 || !TryWrite(vcpu.Domain, value >> PhysicalMemory.FrameShift))
            return false;

        SharedInfo.Latch(vcpu.Domain, !vcpu.Hardware.Is64BitCode);
        return true;
    }

    /// <summary>Fills a page of a domain; false if it is not memory that the guest can write.</summary>
    public static bool TryWrite(Domain domain, ulong gfn)
    {
        using TicketLock.Holder held = domain.Physmap.Lock.Hold();
        bool found = domain.Physmap.TryLookup(gfn, out PhysmapEntry entry);
        if (!found || (entry.Access & NestedAccess.Write) == 0 || entry.Kind == PageKind.Lent)
            return false;

        using FrameView view = new(domain.Kernel.Memory.Memory, entry.Mfn);
        Fill(view.Bytes);
        return true;
    }

    private static void Fill(Span<byte> page)
    {
        // mov eax, number; vmmcall; ret
        ReadOnlySpan<byte> stub = [0xB8, 0, 0, 0, 0, 0x0F, 0x01, 0xD9, 0xC3];
        page.Fill(Breakpoint);
        for (int number = 0; number < page.Length / StubSize; number++)
        {
            Span<byte> target = page.Slice(number * StubSize, StubSize);
            stub.CopyTo(target);
            target[1] = (byte)number;
        }

        // There is no iret hypercall outside of PV guests: ud2.
        page[Iret * StubSize] = 0x0F;
        page[(Iret * StubSize) + 1] = 0x0B;
    }
}
