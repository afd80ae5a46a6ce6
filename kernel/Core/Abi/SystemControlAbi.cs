namespace Microkernel.Core.Abi;

/// <summary>sysctl (xen/sysctl.h): numbers, and structures that are the same for 32- and 64-bit callers.</summary>
public static class SystemControlAbi
{
    /// <summary>XEN_SYSCTL_INTERFACE_VERSION.</summary>
    public const uint InterfaceVersion = 0x15;

    public const uint ReadConsole = 1;
    public const uint PhysInfo = 3;
    public const uint GetDomainInfoList = 6;
    public const uint GetCpuInfo = 8;

    /// <summary>The operation's own part of struct xen_sysctl.</summary>
    public const ulong UnionAt = 8;

    /// <summary>num_domains and nr_cpus in the two lists.</summary>
    public const ulong CountAt = 16;

    // XEN_SYSCTL_PHYSCAP_*: hvm, hap, gnttab_v1, gnttab_v2.
    public const uint Capabilities = (1 << 0) | (1 << 3) | (1 << 8) | (1 << 9);

    /// <summary>The start of struct xen_sysctl.</summary>
    public struct Header
    {
        public uint Command;
        public uint InterfaceVersion;
    }

    /// <summary>Most bytes of the log in one call.</summary>
    public const uint MostLogBytes = 64 * 1024;

    /// <summary>struct xen_sysctl_readconsole.</summary>
    public struct ConsoleRead
    {
        public byte Clear;
        public byte Incremental;
        public ushort Padding;
        public uint Index;
        public ulong Buffer;
        public uint Count;
        public uint Padding2;
    }

    /// <summary>struct xen_sysctl_physinfo.</summary>
    public struct PhysicalInfo
    {
        public uint ThreadsPerCore;
        public uint CoresPerSocket;
        public uint CpuCount;
        public uint MaxCpuId;
        public uint NodeCount;
        public uint MaxNodeId;
        public uint CpuKilohertz;
        public uint Capabilities;
        public uint ArchCapabilities;
        public uint Padding;
        public ulong TotalPages;
        public ulong FreePages;
        public ulong ScrubPages;
        public ulong OutstandingPages;
        public ulong MaxMfn;
        public uint Features1D;
        public uint Features1C;
        public uint FeaturesE1D;
        public uint FeaturesE1C;
        public uint FeaturesXsave;
        public uint Features7B;
        public uint Features7C;
        public uint FeaturesE7D;
    }

    /// <summary>struct xen_sysctl_getdomaininfolist.</summary>
    public struct DomainList
    {
        public ushort First;
        public uint MaxDomains;
        public ulong Buffer;
        public uint Count;
    }

    /// <summary>struct xen_sysctl_getcpuinfo.</summary>
    public struct CpuList
    {
        public uint MaxCpus;
        public ulong Info;
        public uint Count;
    }
}
