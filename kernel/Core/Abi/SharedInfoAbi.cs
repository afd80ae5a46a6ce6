namespace Microkernel.Core.Abi;

/// <summary>Offsets in struct shared_info and struct vcpu_info (xen/xen.h), for 64-bit guests and, "narrow", for 32-bit ones.</summary>
public static class SharedInfoAbi
{
    /// <summary>vCPUs whose vcpu_info is in shared_info at first: XEN_LEGACY_MAX_VCPUS.</summary>
    public const int LegacyVcpus = 32;

    /// <summary>Bytes of struct vcpu_info, in both layouts.</summary>
    public const int VcpuInfoSize = 64;

    /// <summary>struct vcpu_time_info in struct vcpu_info.</summary>
    public const int VcpuTime = 32;

    /// <summary>Bytes of struct vcpu_time_info.</summary>
    public const int VcpuTimeSize = 32;

    /// <summary>evtchn_pending in struct shared_info.</summary>
    public const int Pending = LegacyVcpus * VcpuInfoSize;

    /// <summary>evtchn_pending_sel in struct vcpu_info.</summary>
    public static int PendingSelector(bool narrow) => narrow ? 4 : 8;

    /// <summary>Bits in a word of evtchn_pending; as many words there are.</summary>
    public static int BitsPerWord(bool narrow) => narrow ? 32 : 64;

    /// <summary>evtchn_mask in struct shared_info.</summary>
    public static int Mask(bool narrow) => Pending + (narrow ? 128 : 512);

    /// <summary>wc_version, followed by wc_sec and wc_nsec, in struct shared_info.</summary>
    public static int WallClock(bool narrow) => Pending + (narrow ? 256 : 1024);

    /// <summary>wc_sec_hi in struct shared_info (arch.wc_sec_hi in the narrow layout).</summary>
    public static int WallClockHigh(bool narrow) => WallClock(narrow) + (narrow ? 36 : 12);
}
