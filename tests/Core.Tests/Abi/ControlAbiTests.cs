using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Abi;

/// <summary>The numbers and structures of domctl and sysctl against Xen's public headers.</summary>
[TestFixture(64)]
[TestFixture(32)]
public sealed class ControlAbiTests(int bits)
{
    private const string Domctl = "struct xen_domctl";
    private const string Sysctl = "struct xen_sysctl";

    [Test]
    public void NumbersOfDomctlAreXens() => Assert.That(
        XenLayout.Values(
            bits, "XEN_DOMCTL_INTERFACE_VERSION", "XEN_DOMCTL_createdomain", "XEN_DOMCTL_destroydomain", "XEN_DOMCTL_pausedomain",
            "XEN_DOMCTL_unpausedomain", "XEN_DOMCTL_getdomaininfo", "XEN_DOMCTL_setvcpuaffinity", "XEN_DOMCTL_max_mem",
            "XEN_DOMCTL_getvcpuinfo", "XEN_DOMCTL_max_vcpus", "XEN_DOMCTL_scheduler_op", "XEN_DOMCTL_setdomainhandle",
            "XEN_DOMCTL_hypercall_init", "XEN_DOMCTL_getvcpuaffinity", "XEN_DOMCTL_get_paging_mempool_size",
            "XEN_DOMCTL_set_paging_mempool_size"),
        Is.EqualTo(new long[]
        {
            DomainControlAbi.InterfaceVersion, DomainControlAbi.CreateDomain, DomainControlAbi.DestroyDomain, DomainControlAbi.PauseDomain,
            DomainControlAbi.UnpauseDomain, DomainControlAbi.GetDomainInfo, DomainControlAbi.SetVcpuAffinity, DomainControlAbi.MaxMem,
            DomainControlAbi.GetVcpuInfo, DomainControlAbi.MaxVcpus, DomainControlAbi.SchedulerOp, DomainControlAbi.SetDomainHandle,
            DomainControlAbi.HypercallInit, DomainControlAbi.GetVcpuAffinity, DomainControlAbi.GetPagingMempoolSize,
            DomainControlAbi.SetPagingMempoolSize,
        }));

    [Test]
    public void FlagsAreXens() => Assert.That(
        XenLayout.Values(
            bits, "XEN_DOMCTL_CDF_hvm", "XEN_DOMCTL_CDF_hap", "XEN_DOMCTL_CDF_xs_domain", "XEN_DOMINF_dying", "XEN_DOMINF_hvm_guest",
            "XEN_DOMINF_shutdown", "XEN_DOMINF_paused", "XEN_DOMINF_blocked", "XEN_DOMINF_running", "XEN_DOMINF_hap", "XEN_DOMINF_shutdownshift",
            "XEN_X86_EMU_LAPIC", "XEN_SCHEDULER_CREDIT2", "XEN_DOMCTL_SCHEDOP_putinfo", "XEN_DOMCTL_SCHEDOP_getinfo", "XEN_VCPUAFFINITY_HARD",
            "XEN_VCPUAFFINITY_SOFT", "VIRQ_DOM_EXC", "XENMEM_set_memory_map", "XENMEM_claim_pages"),
        Is.EqualTo(new long[]
        {
            DomainControlAbi.CreateHvm, DomainControlAbi.CreateHap, DomainControlAbi.CreateStoreDomain, DomainControlAbi.InfoDying,
            DomainControlAbi.InfoHvm, DomainControlAbi.InfoShutdown, DomainControlAbi.InfoPaused, DomainControlAbi.InfoBlocked,
            DomainControlAbi.InfoRunning, DomainControlAbi.InfoHap, DomainControlAbi.InfoShutdownShift, DomainControlAbi.EmulateLocalApic,
            DomainControlAbi.SchedulerCredit2, DomainControlAbi.SchedulerPutInfo, DomainControlAbi.SchedulerGetInfo,
            DomainControlAbi.AffinityHard, DomainControlAbi.AffinitySoft, EventChannelAbi.VirqDomainExited, MemoryAbi.SetMemoryMap,
            MemoryAbi.ClaimPages,
        }));

    [Test]
    public void NumbersOfSysctlAreXens() => Assert.That(
        XenLayout.Values(
            bits, "XEN_SYSCTL_INTERFACE_VERSION", "XEN_SYSCTL_physinfo", "XEN_SYSCTL_getdomaininfolist", "XEN_SYSCTL_getcpuinfo",
            "XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_hap | XEN_SYSCTL_PHYSCAP_gnttab_v1 | XEN_SYSCTL_PHYSCAP_gnttab_v2"),
        Is.EqualTo(new long[]
        {
            SystemControlAbi.InterfaceVersion, SystemControlAbi.PhysInfo, SystemControlAbi.GetDomainInfoList, SystemControlAbi.GetCpuInfo,
            SystemControlAbi.Capabilities,
        }));

    [Test]
    public void StructuresHaveXensSizes()
    {
        AssertSize<DomainControlAbi.Creation>("struct xen_domctl_createdomain");
        AssertSize<DomainControlAbi.DomainInfo>("struct xen_domctl_getdomaininfo");
        AssertSize<DomainControlAbi.VcpuInfo>("struct xen_domctl_getvcpuinfo");
        AssertSize<DomainControlAbi.Affinity>("struct xen_domctl_vcpuaffinity");
        AssertSize<DomainControlAbi.CpuMap>("struct xenctl_bitmap");
        AssertSize<SystemControlAbi.PhysicalInfo>("struct xen_sysctl_physinfo");
        AssertSize<SystemControlAbi.DomainList>("struct xen_sysctl_getdomaininfolist");
        AssertSize<SystemControlAbi.CpuList>("struct xen_sysctl_getcpuinfo");
        Assert.That(DomainInformation.Size, Is.EqualTo((ulong)XenLayout.SizeOf("struct xen_domctl_getdomaininfo", bits)));
        Assert.That(
            XenLayout.SizeOf("struct xen_foreign_memory_map", bits),
            Is.EqualTo(bits == 64 ? MemoryAbi.ForeignMemoryMapSize : MemoryAbi.ForeignMemoryMapSize32));
    }

    [Test]
    public void FieldsAreWhereXenHasThem()
    {
        AssertOffset<DomainControlAbi.Header>(Domctl, ("InterfaceVersion", "interface_version"), ("Domain", "domain"));
        Assert.That(XenLayout.OffsetOf(Domctl, "domain", bits), Is.EqualTo((int)DomainControlAbi.DomainAt));
        Assert.That(XenLayout.OffsetOf(Domctl, "u", bits), Is.EqualTo((int)DomainControlAbi.UnionAt));
        Assert.That(XenLayout.OffsetOf(Sysctl, "u", bits), Is.EqualTo((int)SystemControlAbi.UnionAt));
        AssertOffset<DomainControlAbi.Creation>(
            "struct xen_domctl_createdomain", ("Handle", "handle"), ("Flags", "flags"), ("MaxVcpus", "max_vcpus"), ("GrantOptions", "grant_opts"),
            ("CpuPool", "cpupool_id"), ("EmulationFlags", "arch.emulation_flags"), ("MiscFlags", "arch.misc_flags"));
        AssertOffset<DomainControlAbi.DomainInfo>(
            "struct xen_domctl_getdomaininfo", ("Flags", "flags"), ("TotalPages", "tot_pages"), ("OutstandingPages", "outstanding_pages"),
            ("SharedInfoFrame", "shared_info_frame"), ("CpuTime", "cpu_time"), ("OnlineVcpus", "nr_online_vcpus"), ("MaxVcpuId", "max_vcpu_id"),
            ("Handle", "handle"), ("CpuPool", "cpupool"), ("AddressBits", "gpaddr_bits"), ("EmulationFlags", "arch_config.emulation_flags"));
        AssertOffset<DomainControlAbi.VcpuInfo>(
            "struct xen_domctl_getvcpuinfo", ("IsOnline", "online"), ("IsBlocked", "blocked"), ("IsRunning", "running"), ("CpuTime", "cpu_time"), ("Cpu", "cpu"));
        AssertOffset<DomainControlAbi.Affinity>("struct xen_domctl_vcpuaffinity", ("Flags", "flags"), ("Hard", "cpumap_hard"), ("Soft", "cpumap_soft"));
        AssertOffset<DomainControlAbi.Scheduling>(
            "struct xen_domctl_scheduler_op", ("Command", "cmd"), ("Weight", "u.credit2.weight"), ("Cap", "u.credit2.cap"));
        AssertOffset<SystemControlAbi.PhysicalInfo>(
            "struct xen_sysctl_physinfo", ("CpuKilohertz", "cpu_khz"), ("Capabilities", "capabilities"), ("TotalPages", "total_pages"),
            ("FreePages", "free_pages"), ("OutstandingPages", "outstanding_pages"), ("MaxMfn", "max_mfn"), ("Features1D", "hw_cap"));
        AssertOffset<SystemControlAbi.DomainList>(
            "struct xen_sysctl_getdomaininfolist", ("MaxDomains", "max_domains"), ("Buffer", "buffer"), ("Count", "num_domains"));
        AssertOffset<SystemControlAbi.CpuList>("struct xen_sysctl_getcpuinfo", ("Info", "info"), ("Count", "nr_cpus"));
        Assert.That(Marshal.OffsetOf<SystemControlAbi.CpuList>("Count"), Is.EqualTo((nint)SystemControlAbi.CountAt));
        Assert.That(Marshal.OffsetOf<SystemControlAbi.DomainList>("Count"), Is.EqualTo((nint)SystemControlAbi.CountAt));
    }

    private void AssertSize<T>(string type)
        where T : unmanaged => Assert.That(Unsafe.SizeOf<T>(), Is.EqualTo(XenLayout.SizeOf(type, bits)), type);

    private void AssertOffset<T>(string type, params (string Ours, string Xens)[] fields)
        where T : unmanaged
    {
        foreach ((string ours, string xens) in fields)
        {
            Assert.That(Marshal.OffsetOf<T>(ours), Is.EqualTo((nint)XenLayout.OffsetOf(type, xens, bits)), $"{type}.{xens}");
        }
    }
}
