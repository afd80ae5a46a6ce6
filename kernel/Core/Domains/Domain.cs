using System;
using System.Threading;
using Microkernel.Core.Console;
using Microkernel.Core.Dispatch;
using Microkernel.Core.Events;
using Microkernel.Core.Grants;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;
using Microkernel.Core.Time;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Domains;

/// <summary>
/// A domain: its memory, event channels, grants and vCPUs. The object is a slot made at start: one for each domain of the manifest, which
/// uses it again when it restarts, and some for domains that come and go.
/// </summary>
public sealed class Domain
{
    /// <summary>No domain: DOMID_INVALID of xen/xen.h.</summary>
    public const ushort InvalidId = 0x7FF4;

    private const int LegacyVcpus = 32;
    private const int VcpuInfoSize = 64;

    private const int Ended = 1;
    private const int Paused = 2;

    // A slot for domains that come and go has room for pooled vCPUs; which ones it has changes.
    private readonly Vcpu[] _vcpus;
    private int _vcpuCount;
    private int _stop;
    private bool _isDoomed;

    /// <summary>
    /// Creates a slot: of a domain with vCPUs of its own, or (<paramref name="isMade"/>) for domains that domctl makes, with
    /// <paramref name="mostVcpus"/> pooled vCPUs at most. Only during start-up: it allocates.
    /// </summary>
    public Domain(Kernel kernel, int slot, DomainConfig config, int mostVcpus, bool isMade)
    {
        IsMade = isMade;
        MostVcpus = mostVcpus;
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
        _vcpus = new Vcpu[mostVcpus];
        while (!isMade && _vcpuCount < mostVcpus)
            _vcpus[_vcpuCount] = new Vcpu(this, _vcpuCount++);
    }

    /// <summary>The kernel it belongs to.</summary>
    public Kernel Kernel { get; }

    /// <summary>Position in the manifest; also the channel of its console.</summary>
    public int Slot { get; }

    /// <summary>What the manifest says of it, or who made it.</summary>
    public DomainConfig Config { get; }

    /// <summary>domctl makes and destroys its domains, not the core by itself.</summary>
    public bool IsMade { get; }

    /// <summary>It has the privilege to build others.</summary>
    public bool MayBuild => (Config.Privileges & Privilege.Build) != 0;

    /// <summary>It may stop, start and end <paramref name="other"/>, if it has <see cref="Privilege.Control"/>: services are their builder's.</summary>
    public bool MaySteer(Domain other) => MayBuild || !other.Config.KeepsId;

    /// <summary>vCPUs that it can have.</summary>
    public int MostVcpus { get; }

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
    public ReadOnlySpan<Vcpu> Vcpus => new(_vcpus, 0, _vcpuCount);

    /// <summary>
    /// Held while an operation of another domain works on this one, and while its state changes: who holds it and has seen id and state
    /// can rely on both. Taken before all other locks.
    /// </summary>
    public TicketLock ControlLock { get; } = new();

    /// <summary>Tells the slot's successive domains apart, and those of other slots.</summary>
    public uint Generation { get; set; }

    /// <summary>How often it was paused and not yet unpaused (XEN_DOMCTL_pausedomain). <see cref="ControlLock"/> held.</summary>
    public int PauseCount { get; private set; }

    /// <summary>Its universal id (xen_domain_handle_t), 16 bytes.</summary>
    public byte[] Handle { get; } = new byte[16];

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

    /// <summary>It has ended or is ending: its vCPUs must not be entered, ever.</summary>
    public bool IsEnding => (Volatile.Read(ref _stop) & Ended) != 0;

    /// <summary>Its vCPUs must not be entered: it has ended, or is paused.</summary>
    public bool MustStop => Volatile.Read(ref _stop) != 0;

    /// <summary>It is to be taken down: XEN_DOMCTL_destroydomain.</summary>
    public bool IsDoomed => Volatile.Read(ref _isDoomed);

    /// <summary>vCPU <paramref name="index"/>, which it has.</summary>
    public Vcpu VcpuAt(int index) => _vcpus[index];

    /// <summary>Makes the slot fresh for a new domain.</summary>
    public void Reset(ushort id)
    {
        Id = id;
        ShutdownCode = -1;
        EndDetail.Clear();
        HasNarrowSharedInfo = false;
        MarksRunstateUpdates = false;
        Parameters.Reset();
        PauseCount = 0;
        _isDoomed = false;
        Volatile.Write(ref _stop, 0);
    }

    /// <summary>Gives a new domain pooled vCPUs; false: not so many are free.</summary>
    public bool TryTakeVcpus(int count)
    {
        if (!Kernel.Domains.Vcpus.TryTake(this, _vcpus.AsSpan(0, count)))
            return false;

        _vcpuCount = count;
        Cpuid.Fit(count);
        return true;
    }

    /// <summary>The domain is gone: pooled vCPUs are free.</summary>
    public void ReturnVcpus()
    {
        // The slot's next domain is another one, from which CPUs must hide what they learnt from this one.
        foreach (PhysicalCpu cpu in Kernel.Cpus)
        {
            if (cpu.LastDomain == this)
                cpu.LastDomain = null;
        }

        using TicketLock.Holder held = Kernel.Plan.Lock.Hold();
        Kernel.Plan.Leave(this);
        if (!IsMade)
            return;

        Kernel.Domains.Vcpus.Return(Vcpus);
        _vcpuCount = 0;
    }

    /// <summary>No vCPU is to be entered until as many <see cref="Unpause"/> have come. <see cref="ControlLock"/> held.</summary>
    public void Pause()
    {
        PauseCount++;
        Interlocked.Or(ref _stop, Paused);
    }

    /// <summary>Takes back one <see cref="Pause"/>; after the last one its vCPUs may go on. <see cref="ControlLock"/> held.</summary>
    public void Unpause()
    {
        if (--PauseCount != 0)
            return;

        Interlocked.And(ref _stop, ~Paused);
        foreach (Vcpu vcpu in Vcpus)
            Kernel.Dispatcher.Resume(vcpu);
    }

    /// <summary>Puts the memory of its devices, if it has any, into its address space; false: its pool is too small.</summary>
    public bool TryMapDevices()
    {
        foreach (DeviceMemory device in Config.Devices)
        {
            int order = ((device.Mfn | device.FrameCount) & ((1UL << FrameAllocator.Order2M) - 1)) == 0 ? FrameAllocator.Order2M : 0;
            for (ulong done = 0; done < device.FrameCount; done += 1UL << order)
            {
                if (Memory.MapLent(device.Gfn + done, device.Mfn + done, order) != 0)
                    return false;
            }
        }

        return true;
    }

    /// <summary>Gives the first 32 vCPUs their vcpu_info in shared_info (XEN_LEGACY_MAX_VCPUS of xen/arch-x86/xen.h).</summary>
    public void PlaceVcpuInfos()
    {
        for (int i = 0; i < _vcpuCount && i < LegacyVcpus; i++)
        {
            _vcpus[i].InfoMfn = SharedInfoMfn;
            _vcpus[i].InfoOffset = i * VcpuInfoSize;
        }
    }

    /// <summary>Ends the domain: the first reason counts. Its vCPUs leave guest mode soon; the life-cycle work does the rest.</summary>
    public void Shutdown(ShutdownReason reason) => Shutdown(reason, default);

    /// <summary>Ends the domain for a cause that is worth a few words in the log.</summary>
    public void Shutdown(ShutdownReason reason, ReadOnlySpan<byte> detail)
    {
        if ((Interlocked.Or(ref _stop, Ended) & Ended) != 0)
            return;

        EndReason = ShutdownCode >= 0 && !IsDoomed ? (ShutdownReason)ShutdownCode : reason;
        EndDetail.Set(detail.Length != 0 ? detail : "by the guest"u8);
        foreach (Vcpu vcpu in Vcpus)
            vcpu.Post(PendingWork.Stop);

        Kernel.LifeCycle.Notify();
    }

    /// <summary>Ends it if it has not ended, and takes it down.</summary>
    public void Destroy()
    {
        Volatile.Write(ref _isDoomed, true);
        Shutdown(ShutdownReason.Destroyed, "from outside"u8);
        Kernel.LifeCycle.Notify();
    }
}
