namespace Microkernel.Core.Vcpus;

/// <summary>The registers of a local APIC in xAPIC mode: 32 bits at every 16th byte of a page (Intel SDM vol. 3, 11.4.1).</summary>
public static class ApicPage
{
    private const int RegisterSpacing = 16;
    private const int RegisterSize = 4;

    /// <summary>Reads from byte <paramref name="offset"/> of the page on; between the registers there is nothing: 0.</summary>
    public static uint Read(LocalApic apic, int offset)
    {
        int within = offset % RegisterSpacing;
        if (within >= RegisterSize)
            return 0;

        if (!IsRegister(offset) || !ApicAccess.TryRead(apic, offset / RegisterSpacing, out uint value))
        {
            apic.Report(LocalApic.IllegalRegister);
            return 0;
        }

        return value >> (8 * within);
    }

    /// <summary>Writes a register. Writes of other sizes than 32 bits (the lower half of 64) or between the registers vanish.</summary>
    public static void Write(LocalApic apic, int offset, int size, uint value)
    {
        if (offset % RegisterSpacing != 0 || size < RegisterSize)
            return;

        if (!IsRegister(offset) || !ApicAccess.TryWrite(apic, offset / RegisterSpacing, value))
            apic.Report(LocalApic.IllegalRegister);
    }

    private static bool IsRegister(int offset) => offset / RegisterSpacing < ApicRegister.Count;
}
