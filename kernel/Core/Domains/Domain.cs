using System;
using System.Threading;
using Microkernel.Core.Console;
using Microkernel.Core.Events;
using Microkernel.Core.Grants;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;
using Microkernel.Core.Time;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Domains;

/// <summary>
/// A domain: its memory, event channels, grants and vCPUs. The object is a slot made at start, one for each domain of
/// the manifest; a domain that restarts uses the slot again under a new id.
/// </summary>
public sealed class Domain
{
    /// <summary>No domain: DOMID_INVALID of xen/xen.h.</summary>
    public const ushort InvalidId = 0x7FF4;

    private const int LegacyVcpus = 32;
    private const int VcpuInfoSize = 64;

    private int _ended;

    /// <summary>Creates the slot for a domain of the manifest. Only during start-up: it allocates.</summary>
    public Domain(Kernel kernel, int slot, DomainConfig config)
    {
        Kernel = kernel;
        Slot = slot;
        Config = config;
        Memory = new DomainMemory(kernel.Memory);
        Events = new EventChannels(this);
        Grants = new GrantTable(this);
        Console = new GuestConsole(this);
        Watchdogs = new Watchdogs(this);
        Parameters = new HvmParameters();
        Cpuid = new CpuidPolicy(this);
        Vcpus = new Vcpu[config.VcpuCount];
        for (int i = 0; i < Vcpus.Length; i++)
            Vcpus[i] = new Vcpu(this, i);
    }

    /// <summary>The kernel it belongs to.</summary>
    public Kernel Kernel { get; }

    /// <summary>Position in the manifest; also the channel of its console.</summary>
    public int Slot { get; }

    /// <summary>What the manifest says.</summary>
    public DomainConfig Config { get; }

    /// <summary>Its id towards Xen's ABI; changes when the slot is used again.</summary>
    public ushort Id { get; set; } = InvalidId;

    /// <summary>Where it is in its life.</summary>
    public DomainState State { get; set; }

    /// <summary>Its memory: address space, pool and account.</summary>
    public DomainMemory Memory { get; }

    /// <summary>Guest-physical address space.</summary>
    public Physmap Physmap => Memory.Physmap;

    /// <summary>Frames for its page tables and other structures of the core.</summary>
    public FramePool Pool => Memory.Pool;

    /// <summary>Event channels.</summary>
    public EventChannels Events { get; }

    /// <summary>Grant table.</summary>
    public GrantTable Grants { get; }

    /// <summary>Its PV console.</summary>
    public GuestConsole Console { get; }

    /// <summary>Its watchdogs.</summary>
    public Watchdogs Watchdogs { get; }

    /// <summary>HVM parameters.</summary>
    public HvmParameters Parameters { get; }

    /// <summary>What its vCPUs see of the CPU.</summary>
    public CpuidPolicy Cpuid { get; }

    /// <summary>Virtual CPUs, by number.</summary>
    public Vcpu[] Vcpus { get; }

    /// <summary>Guards <see cref="Events"/>. Two domains: the lower id first.</summary>
    public TicketLock EventLock { get; } = new();

    /// <summary>Guards <see cref="Grants"/>. Two domains: the lower id first.</summary>
    public TicketLock GrantLock { get; } = new();

    /// <summary>Held while a vCPU gets the state it starts with: VCPUOP_initialise and start-up IPIs exclude each other.</summary>
    public TicketLock StartLock { get; } = new();

    /// <summary>Frame of the shared_info page; it belongs to the domain from its building to its end.</summary>
    public ulong SharedInfoMfn { get; set; }

    /// <summary>
    /// The layout of shared_info and of time areas is the 32-bit one. Latched, as Xen does, from the mode of the vCPU that sets up the
    /// hypercall page or the callback.
    /// </summary>
    public bool HasNarrowSharedInfo { get; set; }

    /// <summary>
    /// Copies of runstate information in guest memory carry XEN_RUNSTATE_UPDATE while they change (VMASST_TYPE_runstate_update_flag).
    /// </summary>
    public bool MarksRunstateUpdates { get; set; }

    /// <summary>Host time stamp counter when its guest-visible counter was zero.</summary>
    public ulong StartTsc { get; set; }

    /// <summary>Why it ended; valid from <see cref="DomainState.ShutDown"/> on.</summary>
    public ShutdownReason EndReason { get; private set; }

    /// <summary>The cause of its end in words.</summary>
    public EndDetail EndDetail { get; } = new();

    /// <summary>The reason registered by SCHEDOP_shutdown_code, which replaces the next shutdown's own; -1 for none.</summary>
    public int ShutdownCode { get; set; } = -1;

    /// <summary>It has ended or is ending: its vCPUs must not be entered.</summary>
    public bool IsEnding => Volatile.Read(ref _ended) != 0;

    /// <summary>Makes the slot fresh for a new domain.</summary>
    public void Reset(ushort id)
    {
        Id = id;
        ShutdownCode = -1;
        EndDetail.Clear();
        HasNarrowSharedInfo = false;
        MarksRunstateUpdates = false;
        Parameters.Reset();
        Volatile.Write(ref _ended, 0);
    }

    /// <summary>Gives the first 32 vCPUs their vcpu_info in shared_info (XEN_LEGACY_MAX_VCPUS of xen/arch-x86/xen.h).</summary>
    public void PlaceVcpuInfos()
    {
        for (int i = 0; i < Vcpus.Length && i < LegacyVcpus; i++)
        {
            Vcpus[i].InfoMfn = SharedInfoMfn;
            Vcpus[i].InfoOffset = i * VcpuInfoSize;
        }
    }

    /// <summary>Ends the domain: the first reason counts. Its vCPUs leave guest mode soon; the life-cycle work does the rest.</summary>
    public void Shutdown(ShutdownReason reason) => Shutdown(reason, default);

    /// <summary>Ends the domain for a cause that is worth a few words in the log.</summary>
    public void Shutdown(ShutdownReason reason, ReadOnlySpan<byte> detail)
    {
        if (Interlocked.CompareExchange(ref _ended, 1, 0) != 0)
            return;

        EndReason = ShutdownCode >= 0 ? (ShutdownReason)ShutdownCode : reason;
        EndDetail.Set(detail.Length != 0 ? detail : "by the guest"u8);
        foreach (Vcpu vcpu in Vcpus)
            vcpu.Post(PendingWork.Stop);

        Kernel.LifeCycle.Notify();
    }
}
