using System;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Services.Memory.Core;

namespace Microkernel.Services.Memory.Building;

/// <summary>Gives a new domain its memory, in the largest pages that fit and that the host has.</summary>
internal sealed class MemoryFiller(IHypervisor hypervisor, uint domain)
{
    private const int Order2M = 9;
    private const int Order1G = 18;
    private const int ExtentsAtATime = 512;

    private readonly ulong[] _extents = new ulong[ExtentsAtATime];

    /// <summary>Fills the memory that the configuration asks for.</summary>
    /// <exception cref="HypervisorException">The host has not enough of it.</exception>
    internal void Fill(DomainConfig config)
    {
        FillRange(0, GuestLayout.LowMemory(config) >> PhysicalMemory.FrameShift);
        FillRange(GuestLayout.HighMemoryStart >> PhysicalMemory.FrameShift, GuestLayout.HighMemory(config) >> PhysicalMemory.FrameShift);
    }

    /// <summary>Fills one page.</summary>
    internal void FillPage(ulong page) => FillRange(page, 1);

    private void FillRange(ulong page, ulong count)
    {
        int largest = Order1G;
        while (count != 0)
        {
            int order = OrderFor(page, count, largest);
            int wanted = (int)Math.Min(RunOf(page, count, order), ExtentsAtATime);
            for (int i = 0; i < wanted; i++)
                _extents[i] = page + ((ulong)i << order);
            int given = hypervisor.Populate(domain, _extents.AsSpan(0, wanted), order);
            page += (ulong)given << order;
            count -= (ulong)given << order;
            if (given == wanted)
                continue;
            if (order == 0)
                throw new HypervisorException($"the host has no memory for page 0x{page:x} of domain {domain}", HypervisorException.NoMemory);
            // No more in one piece: the rest gets smaller ones.
            largest = order == Order1G ? Order2M : 0;
        }
    }

    private static int OrderFor(ulong page, ulong count, int largest)
    {
        int order = largest;
        while (order != 0 && ((page & ((1UL << order) - 1)) != 0 || count < 1UL << order))
            order -= Order2M;
        return order;
    }

    // How many extents of this order come before one that could be larger.
    private static ulong RunOf(ulong page, ulong count, int order)
    {
        ulong extents = count >> order;
        if (order == Order1G)
            return extents;
        ulong larger = 1UL << (order + Order2M);
        ulong before = (larger - (page & (larger - 1))) >> order;
        return Math.Min(extents, before);
    }
}
