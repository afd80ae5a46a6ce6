using System;

namespace Microkernel.Platform.Svm;

/// <summary>
/// The MSR permission map (AMD APM vol. 2, 15.11): two bits an MSR, read then write, 1 means exit; 2 KiB for each of three
/// ranges of 8192 MSRs. MSRs outside of them always exit.
/// </summary>
internal static class SvmMsrMap
{
    /// <summary>Size in bytes: two pages.</summary>
    internal const int Size = 0x2000;

    /// <summary>
    /// Makes everything exit but the MSRs that VMLOAD and VMSAVE switch with the guest. PAT is not among them although
    /// nested paging gives the guest its own: QEMU forgets to switch it.
    /// </summary>
    internal static void Fill(Span<byte> map)
    {
        map.Fill(0xFF);
        Allow(map, Msr.SysenterCs, Msr.SysenterEip);
        Allow(map, Msr.Star, Msr.Sfmask);
        Allow(map, Msr.FsBase, Msr.KernelGsBase);
    }

    /// <summary>The guest may read or write <paramref name="msr"/> without an exit.</summary>
    internal static bool IsAllowed(ReadOnlySpan<byte> map, uint msr, bool isWrite)
    {
        int bit = BitOf(msr) + (isWrite ? 1 : 0);
        return (map[bit >> 3] >> (bit & 7) & 1) == 0;
    }

    private static void Allow(Span<byte> map, uint first, uint last)
    {
        for (uint msr = first; msr <= last; msr++)
        {
            int bit = BitOf(msr);
            map[bit >> 3] &= (byte)~(3 << (bit & 7));
        }
    }

    private static int BitOf(uint msr)
    {
        int range = msr < 0x2000 ? 0 : msr < 0xC001_0000 ? 1 : 2;
        return range * 0x800 * 8 + (int)(msr & 0x1FFF) * 2;
    }
}
