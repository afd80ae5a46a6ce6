namespace Microkernel.Core.Abi;

/// <summary>domctl (xen/domctl.h): numbers, and structures that are the same for 32- and 64-bit callers.</summary>
public static class DomainControlAbi
{
    /// <summary>XEN_DOMCTL_INTERFACE_VERSION.</summary>
    public const uint InterfaceVersion = 0x15;

    public const uint CreateDomain = 1;
    public const uint DestroyDomain = 2;
    public const uint PauseDomain = 3;
    public const uint UnpauseDomain = 4;
    public const uint GetDomainInfo = 5;
    public const uint SetVcpuAffinity = 9;
    public const uint MaxMem = 11;
    public const uint GetVcpuInfo = 14;
    public const uint MaxVcpus = 15;
    public const uint SchedulerOp = 16;
    public const uint SetDomainHandle = 17;
    public const uint HypercallInit = 22;
    public const uint GetVcpuAffinity = 25;
    public const uint GetPagingMempoolSize = 85;
    public const uint SetPagingMempoolSize = 86;

    /// <summary>The domid in struct xen_domctl.</summary>
    public const ulong DomainAt = 8;

    /// <summary>The operation's own part of struct xen_domctl.</summary>
    public const ulong UnionAt = 16;

    // XEN_DOMCTL_CDF_*.
    public const uint CreateHvm = 1 << 0;
    public const uint CreateHap = 1 << 1;
    public const uint CreateStoreDomain = 1 << 4;

    // XEN_DOMINF_*.
    public const uint InfoDying = 1 << 0;
    public const uint InfoHvm = 1 << 1;
    public const uint InfoShutdown = 1 << 2;
    public const uint InfoPaused = 1 << 3;
    public const uint InfoBlocked = 1 << 4;
    public const uint InfoRunning = 1 << 5;
    public const uint InfoHap = 1 << 8;
    public const int InfoShutdownShift = 16;

    public const uint EmulateLocalApic = 1;
    public const uint SchedulerCredit2 = 6;
    public const uint SchedulerPutInfo = 0;
    public const uint SchedulerGetInfo = 1;
    public const uint AffinityHard = 1;
    public const uint AffinitySoft = 2;

    /// <summary>The start of struct xen_domctl.</summary>
    public struct Header
    {
        public uint Command;
        public uint InterfaceVersion;
        public ushort Domain;
    }

    /// <summary>struct xen_domctl_createdomain.</summary>
    public struct Creation
    {
        public uint SecurityLabel;
        public HandleWords Handle;
        public uint Flags;
        public uint IommuOptions;
        public uint MaxVcpus;
        public uint MaxEventPort;
        public int MaxGrantFrames;
        public int MaxMaptrackFrames;
        public uint GrantOptions;
        public uint TraceSize;
        public uint CpuPool;
        public uint EmulationFlags;
        public uint MiscFlags;
    }

    /// <summary>xen_domain_handle_t.</summary>
    public struct HandleWords
    {
        public uint Word0;
        public uint Word1;
        public uint Word2;
        public uint Word3;
    }

    /// <summary>struct xen_domctl_getdomaininfo.</summary>
    public struct DomainInfo
    {
        public ushort Domain;
        public ushort Padding;
        public uint Flags;
        public ulong TotalPages;
        public ulong MaxPages;
        public ulong OutstandingPages;
        public ulong SharedPages;
        public ulong PagedPages;
        public ulong SharedInfoFrame;
        public ulong CpuTime;
        public uint OnlineVcpus;
        public uint MaxVcpuId;
        public uint SecurityLabel;
        public HandleWords Handle;
        public uint CpuPool;
        public byte AddressBits;
        public uint MorePadding;
        public uint EmulationFlags;
        public uint MiscFlags;
    }

    /// <summary>struct xen_domctl_getvcpuinfo.</summary>
    public struct VcpuInfo
    {
        public uint Vcpu;
        public byte IsOnline;
        public byte IsBlocked;
        public byte IsRunning;
        public ulong CpuTime;
        public uint Cpu;
    }

    /// <summary>struct xen_domctl_vcpuaffinity.</summary>
    public struct Affinity
    {
        public uint Vcpu;
        public uint Flags;
        public CpuMap Hard;
        public CpuMap Soft;
    }

    /// <summary>struct xenctl_bitmap.</summary>
    public struct CpuMap
    {
        public ulong Bitmap;
        public uint BitCount;
    }

    /// <summary>struct xen_domctl_scheduler_op with the parameters of credit2.</summary>
    public struct Scheduling
    {
        public uint Scheduler;
        public uint Command;
        public ushort Weight;
        public ushort Cap;
    }
}
