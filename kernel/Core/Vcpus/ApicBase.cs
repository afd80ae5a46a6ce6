namespace Microkernel.Core.Vcpus;

/// <summary>IA32_APIC_BASE: where the xAPIC's page is, and the way between the modes (Intel SDM vol. 3, 11.12.5).</summary>
public static class ApicBase
{
    private const ulong BootProcessor = 1 << 8;
    private const ulong Extended = 1 << 10;
    private const ulong Enabled = 1 << 11;
    private const ulong Address = 0x0000_FFFF_FFFF_F000;
    private const ulong DefaultAddress = 0xFEE0_0000;

    /// <summary>The value after power-on.</summary>
    public static ulong AtReset(bool isBootProcessor) =>
        DefaultAddress | Enabled | (isBootProcessor ? BootProcessor : 0);

    /// <summary>The mode that a value stands for.</summary>
    public static ApicMode ModeOf(ulong value) => (value & (Enabled | Extended)) switch
    {
        Enabled => ApicMode.XApic,
        Enabled | Extended => ApicMode.X2Apic,
        _ => ApicMode.Disabled,
    };

    /// <summary>Guest page of the xAPIC's registers.</summary>
    public static ulong PageOf(ulong value) => (value & Address) >> 12;

    /// <summary>The guest writes it; false: #GP. Switching off resets the registers.</summary>
    public static bool TryWrite(LocalApic apic, ulong value)
    {
        if ((value & ~(BootProcessor | Extended | Enabled | Address)) != 0 || !IsAllowed(apic.Base, value))
            return false;

        ApicMode before = apic.Mode;
        apic.Base = value;
        if (before != ApicMode.Disabled && apic.Mode == ApicMode.Disabled)
            apic.ResetRegisters();

        apic.SwitchedOn();

        return true;
    }

    // From x2APIC mode the only way is off, and x2APIC mode is reached from xAPIC mode alone.
    private static bool IsAllowed(ulong from, ulong to)
    {
        if ((to & (Enabled | Extended)) == Extended)
            return false;

        return ModeOf(to) switch
        {
            ApicMode.X2Apic => ModeOf(from) != ApicMode.Disabled,
            ApicMode.XApic => ModeOf(from) != ApicMode.X2Apic,
            _ => true,
        };
    }
}
