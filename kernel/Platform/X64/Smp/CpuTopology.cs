using System;
using System.Numerics;
using Microkernel.Core.Hardware;

namespace Microkernel.Platform.Smp;

/// <summary>Which processors share a core: the APIC ids of the threads of one differ in their lowest bits only.</summary>
public static class CpuTopology
{
    private const uint ThreadLevel = 1;

    /// <summary>Number of low APIC id bits that tell the threads of a core apart, from CPUID.</summary>
    /// <param name="topology">Leaf 0Bh, subleaf 0: kind of level in ECX bits 8-15, shift in EAX bits 0-4.</param>
    /// <param name="amdTopology">Leaf 8000_001Eh: threads of a core less one in EBX bits 8-15; zeros if there is none.</param>
    public static int ThreadBits(CpuidResult topology, CpuidResult amdTopology)
    {
        if (((topology.Ecx >> 8) & 0xff) == ThreadLevel)
            return (int)(topology.Eax & 0x1f);

        uint others = (amdTopology.Ebx >> 8) & 0xff;
        return 32 - BitOperations.LeadingZeroCount(others);
    }

    /// <summary>
    /// Puts the APIC ids of the processors to use in the order of their CPU numbers: the one that runs first, the others in
    /// the table's order, without siblings unless they are wanted, and no more than <paramref name="limit"/>.
    /// </summary>
    /// <returns>How many of <paramref name="chosen"/>, which is as long as <paramref name="listed"/> and one more, are set.</returns>
    public static int Choose(
        uint first, ReadOnlySpan<uint> listed, int threadBits, bool useSiblings, int limit, Span<uint> chosen)
    {
        int count = 1;
        chosen[0] = first;
        foreach (uint apicId in listed)
        {
            if (count < limit && apicId != first && (useSiblings || !HasSibling(chosen.Slice(0, count), apicId, threadBits)))
                chosen[count++] = apicId;
        }

        return count;
    }

    private static bool HasSibling(ReadOnlySpan<uint> chosen, uint apicId, int threadBits)
    {
        foreach (uint other in chosen)
        {
            if (other >> threadBits == apicId >> threadBits)
                return true;
        }

        return false;
    }
}
