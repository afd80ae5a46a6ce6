using Microkernel.Core.Abi;

namespace Microkernel.Core.Memory;

/// <summary>Gives a domain more memory than one page of some size.</summary>
public static class MemoryPopulation
{
    /// <summary>
    /// Gives the domain <paramref name="count"/> zeroed frames from page <paramref name="gfn"/> on, in the largest pages
    /// that fit. For building: what was given stays given when it fails half-way.
    /// </summary>
    public static bool TryPopulateRange(this DomainMemory memory, ulong gfn, ulong count)
    {
        ulong end = gfn + count;
        while (gfn < end)
        {
            int order = LargestFit(memory, gfn, end - gfn);
            while (memory.Populate(gfn, order) != 0)
            {
                if (order == 0)
                    return false;

                order -= FrameAllocator.Order2M;
            }

            gfn += 1UL << order;
        }

        return true;
    }

    /// <summary>
    /// Gives the domain an extent of 2^<paramref name="order"/> (0 to 9, or 18) zeroed pages, as one page if it can be; one of 18 as one
    /// page only. All or nothing, but for what was there before. Errors as <see cref="DomainMemory.Populate"/>.
    /// </summary>
    public static long PopulateExtent(this DomainMemory memory, ulong gfn, int order)
    {
        bool isWhole = order is 0 or FrameAllocator.Order1G;
        long whole = isWhole || order == FrameAllocator.Order2M ? memory.Populate(gfn, order) : XenError.ENOMEM;
        if (isWhole || whole == 0)
            return whole;

        ulong count = 1UL << order;
        for (ulong done = 0; done < count; done++)
        {
            long result = memory.Populate(gfn + done, 0);
            if (result != 0)
            {
                for (ulong page = 0; page < done; page++)
                    memory.RemovePage(gfn + page);

                return result;
            }
        }

        return 0;
    }

    private static int LargestFit(DomainMemory memory, ulong gfn, ulong count)
    {
        int order = memory.Physmap.LargestOrder;
        while (order > 0 && ((gfn & (1UL << order) - 1) != 0 || count < 1UL << order))
            order -= FrameAllocator.Order2M;

        return order;
    }
}
