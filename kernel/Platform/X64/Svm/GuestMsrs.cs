namespace Microkernel.Platform.Svm;

/// <summary>The MSRs that a control block keeps for its guest.</summary>
internal static class GuestMsrs
{
    /// <summary>Reads one of them; false if <paramref name="index"/> is none.</summary>
    internal static bool TryRead(ref VmcbSave save, uint index, out ulong value)
    {
        bool isKept = IsKept(index);
        value = isKept ? Slot(ref save, index) : 0;
        return isKept;
    }

    /// <summary>Writes one of them; false if it is none or the CPU would answer with #GP.</summary>
    internal static bool TryWrite(ref VmcbSave save, uint index, ulong value)
    {
        if (!IsKept(index) || (IsAddress(index) && !IsCanonical(value)) || (index == Msr.Pat && !IsPat(value)))
            return false;

        Slot(ref save, index) = value;
        return true;
    }

    private static bool IsKept(uint index) =>
        index is (>= Msr.SysenterCs and <= Msr.SysenterEip) or Msr.Pat or (>= Msr.Star and <= Msr.Sfmask)
            or (>= Msr.FsBase and <= Msr.KernelGsBase);

    private static bool IsAddress(uint index) =>
        index is Msr.SysenterEsp or Msr.SysenterEip or Msr.Lstar or Msr.Cstar or Msr.FsBase or Msr.GsBase or Msr.KernelGsBase;

    // The callers have checked the index with IsKept.
    private static ref ulong Slot(ref VmcbSave save, uint index)
    {
        switch (index)
        {
            case Msr.SysenterCs: return ref save.SysenterCs;
            case Msr.SysenterEsp: return ref save.SysenterEsp;
            case Msr.SysenterEip: return ref save.SysenterEip;
            case Msr.Star: return ref save.Star;
            case Msr.Lstar: return ref save.Lstar;
            case Msr.Cstar: return ref save.Cstar;
            case Msr.Sfmask: return ref save.Sfmask;
            case Msr.FsBase: return ref save.Fs.Base;
            case Msr.GsBase: return ref save.Gs.Base;
            case Msr.KernelGsBase: return ref save.KernelGsBase;
            default: return ref save.Pat;
        }
    }

    private static bool IsCanonical(ulong address) => (ulong)((long)(address << 16) >> 16) == address;

    // Each of the eight fields is one of the memory types 0, 1, 4, 5, 6, 7 (AMD APM vol. 2, 7.8.1).
    private static bool IsPat(ulong value)
    {
        const ulong ReservedBits = 0xF8F8_F8F8_F8F8_F8F8;
        const ulong Bit1 = 0x0202_0202_0202_0202;
        ulong bit1WithoutBit2 = value & Bit1 & ~(value >> 1);
        return (value & ReservedBits) == 0 && bit1WithoutBit2 == 0;
    }
}
