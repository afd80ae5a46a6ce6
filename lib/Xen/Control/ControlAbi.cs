using System.Runtime.InteropServices;

namespace Microkernel.Xen;

/// <summary>domctl and sysctl (xen/domctl.h, xen/sysctl.h of Xen 4.17): numbers and structures.</summary>
internal static class ControlAbi
{
    internal const uint Version = 0x15;

    // XEN_DOMCTL_*.
    internal const uint Pause = 3, Unpause = 4, GetDomainInfo = 5, SetAffinity = 9, GetVcpuInfo = 14, Schedule = 16, GetAffinity = 25;

    // XEN_SYSCTL_*.
    internal const uint ReadConsole = 1, PhysicalInfo = 3, ListDomains = 6, ListCpus = 8;

    internal const int DomainSize = 112;

    internal const uint Credit2 = 6, PutInfo = 0, GetInfo = 1;
    internal const uint HardAffinity = 1;

    // XEN_DOMINF_*.
    internal const uint IsDying = 1 << 0, IsShutDown = 1 << 2, IsPaused = 1 << 3, IsBlocked = 1 << 4, IsRunning = 1 << 5;
    internal const int ShutdownShift = 16;

    /// <summary>struct xen_domctl, as far as an operation uses it.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct DomainCall<T>
        where T : unmanaged
    {
        internal uint Command;
        internal uint Version;

        // 16 bits, and padding: what follows begins at 16, whatever it is.
        internal ulong Domain;
        internal T Argument;
    }

    /// <summary>struct xen_sysctl, as far as an operation uses it.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct SystemCall<T>
        where T : unmanaged
    {
        internal uint Command;
        internal uint Version;
        internal T Argument;
    }

    /// <summary>struct xen_domctl_getdomaininfo, as far as it is used here.</summary>
    [StructLayout(LayoutKind.Sequential, Size = DomainSize)]
    internal struct Domain
    {
        internal ushort Id;
        internal ushort Padding;
        internal uint Flags;
        internal ulong TotalPages;
        internal ulong MostPages;
        internal ulong OutstandingPages;
        internal ulong SharedPages;
        internal ulong PagedPages;
        internal ulong SharedInfo;
        internal ulong CpuTime;
        internal uint OnlineVcpus;
        internal uint LastVcpu;
    }

    /// <summary>struct xen_domctl_getvcpuinfo.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Vcpu
    {
        internal uint Number;
        internal byte IsOnline;
        internal byte IsBlocked;
        internal byte IsRunning;
        internal ulong CpuTime;
        internal uint Cpu;
    }

    /// <summary>struct xen_domctl_vcpuaffinity.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Affinity
    {
        internal uint Vcpu;
        internal uint Flags;
        internal ulong HardBitmap;
        internal ulong HardBits;
        internal ulong SoftBitmap;
        internal ulong SoftBits;
    }

    /// <summary>struct xen_domctl_scheduler_op with the parameters of credit2.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Scheduling
    {
        internal uint Scheduler;
        internal uint Command;
        internal ushort Weight;
        internal ushort Cap;
    }

    /// <summary>struct xen_sysctl_readconsole.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ConsoleRead
    {
        internal byte Clears;
        internal byte IsIncremental;
        internal ushort Padding;
        internal uint Index;
        internal ulong Buffer;
        internal uint Count;
    }

    /// <summary>struct xen_sysctl_physinfo.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Machine
    {
        internal uint ThreadsPerCore;
        internal uint CoresPerSocket;
        internal uint Cpus;
        internal uint LastCpu;
        internal uint Nodes;
        internal uint LastNode;
        internal uint CpuKilohertz;
        internal uint Capabilities;
        internal uint ArchCapabilities;
        internal uint Padding;
        internal ulong TotalPages;
        internal ulong FreePages;
        internal ulong ScrubPages;
        internal ulong OutstandingPages;
        internal ulong LastFrame;
        internal ulong Features0;
        internal ulong Features1;
        internal ulong Features2;
        internal ulong Features3;
    }

    /// <summary>struct xen_sysctl_getdomaininfolist.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct DomainList
    {
        internal uint First;
        internal uint Most;
        internal ulong Buffer;
        internal uint Count;
    }
}
