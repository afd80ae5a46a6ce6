namespace Microkernel.Core.Hardware;

/// <summary>What a CPU says about itself that the choice of mitigations rests on.</summary>
public struct ProcessorFacts
{
    /// <summary>Who made it.</summary>
    public ProcessorVendor Vendor;

    /// <summary>Family, extended family added.</summary>
    public int Family;

    /// <summary>CPUID 7.0 EBX: bit 11 RTM.</summary>
    public uint Features7Ebx;

    /// <summary>CPUID 7.0 EDX: 10 MD_CLEAR, 26 IBRS and IBPB, 27 STIBP, 28 L1D_FLUSH, 29 ARCH_CAPABILITIES, 31 SSBD.</summary>
    public uint Features7Edx;

    /// <summary>CPUID 8000_0008 EBX (AMD): 12 IBPB, 14 IBRS, 15 STIBP, 24 SSBD, 29 BTC_NO.</summary>
    public uint Extended8Ebx;

    /// <summary>CPUID 8000_0021 EAX (AMD): 5 VERW_CLEAR, 8 automatic IBRS, 28 IBPB_BRTYPE, 29 SRSO_NO.</summary>
    public uint Extended21Eax;

    /// <summary>CPUID 8000_0021 ECX (AMD): 1 TSA_SQ_NO, 2 TSA_L1_NO.</summary>
    public uint Extended21Ecx;

    /// <summary>
    /// IA32_ARCH_CAPABILITIES (Intel), 0 if there is none: 0 RDCL_NO, 5 MDS_NO, 8 TAA_NO, 13 SBDR_SSDP_NO, 14 FBSDP_NO,
    /// 15 PSDP_NO, 28 RFDS_CLEAR.
    /// </summary>
    public ulong ArchCapabilities;

    /// <summary>Reads everything but <see cref="ArchCapabilities"/>, which is an MSR.</summary>
    public static ProcessorFacts Read(Machine machine)
    {
        CpuidResult basic = machine.Cpuid(0, 0);
        uint signature = machine.Cpuid(1, 0).Eax;
        uint lastExtended = machine.Cpuid(0x8000_0000, 0).Eax;
        CpuidResult features7 = basic.Eax >= 7 ? machine.Cpuid(7, 0) : default;
        CpuidResult extended21 = lastExtended >= 0x8000_0021 ? machine.Cpuid(0x8000_0021, 0) : default;
        int family = (int)(signature >> 8 & 0xF);
        return new ProcessorFacts
        {
            Vendor = VendorOf(basic),
            Family = family == 0xF ? family + (int)(signature >> 20 & 0xFF) : family,
            Features7Ebx = features7.Ebx,
            Features7Edx = features7.Edx,
            Extended8Ebx = lastExtended >= 0x8000_0008 ? machine.Cpuid(0x8000_0008, 0).Ebx : 0,
            Extended21Eax = extended21.Eax,
            Extended21Ecx = extended21.Ecx,
        };
    }

    // The first four letters of the name in EBX are enough to tell them apart.
    private static ProcessorVendor VendorOf(in CpuidResult basic) => basic.Ebx switch
    {
        0x6874_7541 => ProcessorVendor.Amd, // "Auth"enticAMD
        0x6F67_7948 => ProcessorVendor.Amd, // "Hygo"nGenuine
        0x756E_6547 => ProcessorVendor.Intel, // "Genu"ineIntel
        _ => ProcessorVendor.Other,
    };
}
