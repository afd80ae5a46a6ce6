namespace Microkernel.Core.Vcpus;

/// <summary>
/// The CPU features that guests may see when the host has them, by CPUID register; names as in xen/arch-x86/cpufeatureset.h. Left out is
/// what would need MSRs or intercepts that guests do not get: virtualization, performance monitoring, MONITOR, Intel's speculation controls,
/// five-level paging.
/// </summary>
public static class CpuidMask
{
    /// <summary>Leaf 1 ECX: SSE3 PCLMULQDQ SSSE3 FMA CX16 PCID SSE4.1 SSE4.2 MOVBE POPCNT AESNI XSAVE AVX F16C RDRAND.</summary>
    public const uint Leaf1C = 0x76DA_3203;

    /// <summary>Leaf 1 ECX, whatever the host has, as the core emulates it: X2APIC TSC_DEADLINE HYPERVISOR.</summary>
    public const uint Leaf1CEmulated = 0x8120_0000;

    /// <summary>Leaf 1 EDX: FPU VME DE PSE TSC MSR PAE MCE CX8 SEP PGE MCA CMOV PAT PSE36 CLFLUSH MMX FXSR SSE SSE2 SS.</summary>
    public const uint Leaf1D = 0x0F8B_E9FF;

    /// <summary>Leaf 1 EDX, whatever the host has: APIC MTRR.</summary>
    public const uint Leaf1DEmulated = 0x0000_1200;

    /// <summary>Leaf 7 EBX: FSGSBASE BMI1 AVX2 FDP_EXCP_ONLY SMEP BMI2 ERMS INVPCID NO_FPU_SEL RDSEED ADX SMAP CLFLUSHOPT CLWB SHA.</summary>
    public const uint Leaf7B = 0x219C_27E9;

    /// <summary>Leaf 7 EBX, with the AVX-512 state: AVX512F DQ IFMA CD BW VL.</summary>
    public const uint Leaf7BWide = 0xD023_0000;

    /// <summary>Leaf 7 ECX: PREFETCHWT1 UMIP PKU GFNI VAES VPCLMULQDQ RDPID MOVDIRI MOVDIR64B.</summary>
    public const uint Leaf7C = 0x1840_070D;

    /// <summary>Leaf 7 ECX, with the AVX-512 state: VBMI VBMI2 VNNI BITALG VPOPCNTDQ.</summary>
    public const uint Leaf7CWide = 0x0000_5842;

    /// <summary>Leaf 7 EDX: FSRM MD_CLEAR SERIALIZE.</summary>
    public const uint Leaf7D = 0x0000_4410;

    /// <summary>Leaf 7, subleaf 1 EAX: AVX_VNNI FZRM FSRS FSRCS.</summary>
    public const uint Leaf7Sub1A = 0x0000_1C10;

    /// <summary>Leaf 0xD, subleaf 1 EAX: XSAVEOPT XSAVEC XGETBV1.</summary>
    public const uint XsaveInstructions = 0x7;

    /// <summary>Leaf 80000001 ECX: LAHF_LM CR8_LEGACY ABM SSE4A MISALIGNSSE 3DNOWPREFETCH XOP FMA4 TBM.</summary>
    public const uint Extended1C = 0x0021_09F1;

    /// <summary>Leaf 80000001 EDX: the features repeated from leaf 1, and SYSCALL NX MMXEXT PAGE1GB RDTSCP LM 3DNOWEXT 3DNOW.</summary>
    public const uint Extended1D = 0xEDD3_E9FF;

    /// <summary>Leaf 80000001 EDX, repeated from leaf 1 by AMD: APIC MTRR.</summary>
    public const uint Extended1DEmulated = 0x0000_1200;

    /// <summary>Leaf 80000007 EDX: invariant TSC.</summary>
    public const uint Extended7D = 0x0000_0100;

    /// <summary>Leaf 80000008 EBX: CLZERO RSTR_FP_ERR_PTRS IBPB IBRS and its hints STIBP SSBD SSB_NO BTC_NO IBPB_RET.</summary>
    public const uint Extended8B = 0x650F_D005;

    /// <summary>Leaf 80000021 EAX: LFENCE_DISPATCH VERW_CLEAR NSCB SRSO_NO.</summary>
    public const uint Extended21A = 0x2000_0064;

    /// <summary>XSAVE components: x87, SSE, AVX, the three of AVX-512, PKRU.</summary>
    public const ulong XsaveComponents = 0x2E7;

    /// <summary>Leaf 1 ECX features that need the AVX state: FMA AVX F16C.</summary>
    public const uint Leaf1CAvx = 0x3000_1000;

    /// <summary>Leaf 7 EBX features that need the AVX state: AVX2.</summary>
    public const uint Leaf7BAvx = 0x0000_0020;

    /// <summary>Leaf 7 ECX features that need the AVX state: VAES VPCLMULQDQ.</summary>
    public const uint Leaf7CAvx = 0x0000_0600;

    /// <summary>Leaf 80000001 ECX features that need the AVX state: XOP FMA4.</summary>
    public const uint Extended1CAvx = 0x0001_0800;
}
