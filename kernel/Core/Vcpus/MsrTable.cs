namespace Microkernel.Core.Vcpus;

/// <summary>
/// The MSRs that guests' kernels touch at start and that need no state here (AMD APM vol. 2, appendix A; Intel SDM vol. 4). What is neither
/// here nor in <see cref="MsrPolicy"/> does not exist: #GP, as on Xen.
/// </summary>
public static class MsrTable
{
    // Bits 0-7: variable ranges, bit 8: fixed ranges, bit 10: write-combining.
    private const ulong MtrrCapabilities = 0x508;

    // Enabled, everything is write-back.
    private const ulong MtrrDefaultType = 0x806;

    // Branch trace storage and PEBS are not available; fast strings.
    private const ulong MiscEnable = 0x1801;
    private const ulong FeatureControlLocked = 1;

    // LFENCE serialises: Linux sets this bit itself if it can.
    private const ulong DecodeConfiguration = 1 << 1;

    private static readonly MsrRule[] Rules =
    [
        new(0x017, 0x017, 0, MsrWrites.Refused), // IA32_PLATFORM_ID
        new(0x02A, 0x02A, 0, MsrWrites.Ignored), // EBL_CR_POWERON
        new(0x03A, 0x03A, FeatureControlLocked, MsrWrites.Refused), // IA32_FEATURE_CONTROL
        new(0x079, 0x079, 0, MsrWrites.Ignored), // microcode update trigger
        new(0x08B, 0x08B, 0, MsrWrites.Ignored), // microcode revision
        new(0x0CE, 0x0CE, 0, MsrWrites.Refused), // MSR_PLATFORM_INFO
        new(0x0FE, 0x0FE, MtrrCapabilities, MsrWrites.Refused), // MTRRcap
        new(0x140, 0x140, 0, MsrWrites.SameOnly), // MSR_MISC_FEATURES_ENABLES
        new(0x179, 0x179, 0, MsrWrites.Refused), // IA32_MCG_CAP: no banks
        new(0x17A, 0x17A, 0, MsrWrites.SameOnly), // IA32_MCG_STATUS
        new(0x198, 0x199, 0, MsrWrites.Ignored), // IA32_PERF_STATUS, PERF_CTL
        new(0x1A0, 0x1A0, MiscEnable, MsrWrites.Ignored), // IA32_MISC_ENABLE
        new(0x1D9, 0x1D9, 0, MsrWrites.Ignored), // IA32_DEBUGCTL
        new(0x1DB, 0x1DE, 0, MsrWrites.Refused), // last branch and exception
        new(0x200, 0x20F, 0, MsrWrites.Ignored), // variable MTRRs: none in use
        new(0x250, 0x250, 0, MsrWrites.Ignored), // fixed MTRRs: not in use
        new(0x258, 0x259, 0, MsrWrites.Ignored),
        new(0x268, 0x26F, 0, MsrWrites.Ignored),
        new(0x2FF, 0x2FF, MtrrDefaultType, MsrWrites.Ignored), // MTRRdefType
        new(0xC001_0000, 0xC001_0007, 0, MsrWrites.Ignored), // performance counters that are not there
        new(0xC001_0010, 0xC001_0010, 0, MsrWrites.Ignored), // SYSCFG
        new(0xC001_0015, 0xC001_0015, 0, MsrWrites.Ignored), // HWCR
        new(0xC001_0016, 0xC001_001A, 0, MsrWrites.Ignored), // IORRs, TOP_MEM
        new(0xC001_001B, 0xC001_001B, 0, MsrWrites.Ignored), // CLK_CTL
        new(0xC001_001D, 0xC001_001D, 0, MsrWrites.Ignored), // TOP_MEM2
        new(0xC001_001F, 0xC001_001F, 0, MsrWrites.Ignored), // NB_CFG
        new(0xC001_0055, 0xC001_0055, 0, MsrWrites.Ignored), // interrupt pending and C1E
        new(0xC001_0140, 0xC001_0141, 0, MsrWrites.Refused), // OS-visible workarounds: none
        new(0xC001_0200, 0xC001_020B, 0, MsrWrites.Ignored), // performance counters that are not there
        new(0xC001_1020, 0xC001_1023, 0, MsrWrites.Ignored), // LS_CFG, IC_CFG, DC_CFG, BU_CFG
        new(0xC001_1029, 0xC001_1029, DecodeConfiguration, MsrWrites.Ignored), // DE_CFG
        new(0xC001_102A, 0xC001_102A, 0, MsrWrites.Ignored), // BU_CFG2
    ];

    /// <summary>What a register reads as; false if it is not in the table.</summary>
    public static bool TryRead(uint index, out ulong value)
    {
        bool found = TryFind(index, out MsrRule rule);
        value = rule.Value;
        return found;
    }

    /// <summary>Whether writing this value has no consequence; false: #GP.</summary>
    public static bool IsWritable(uint index, ulong value) => TryFind(index, out MsrRule rule) && rule.Writes switch
    {
        MsrWrites.Ignored => true,
        MsrWrites.SameOnly => value == rule.Value,
        _ => false,
    };

    private static bool TryFind(uint index, out MsrRule rule)
    {
        foreach (MsrRule candidate in Rules)
        {
            if (index - candidate.First <= candidate.Last - candidate.First)
            {
                rule = candidate;
                return true;
            }
        }

        rule = default;
        return false;
    }
}
