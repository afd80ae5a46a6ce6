using System.Runtime.CompilerServices;
using System.Threading;
using Microkernel.Core.Dispatch;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;
using Microkernel.Core.Time;

namespace Microkernel.Core.Vcpus;

/// <summary>A virtual CPU: its hardware state, its interrupts, and what the dispatcher knows of it.</summary>
public sealed class Vcpu
{
    private const int BlockWish = 1;
    private const int OfflineWish = 2;

    private int _pending;
    private int _wants;
    private AsidTag _asidTag;
    private SchedulingRules _rules;

    /// <summary>Creates a vCPU, for now of <paramref name="domain"/>. Only during start-up: it allocates.</summary>
    public Vcpu(Domain domain, int id)
    {
        Domain = domain;
        Id = id;
        Tlb = domain.Memory.Tlb;
        Walks = new GuestWalks(this);
        Hardware = domain.Kernel.Machine.CreateVcpu();
        Cpu = domain.Kernel.HomeOf(id);
        Apic = new LocalApic(this);
        Timers = new VcpuTimers(this);
        Runstate = new Runstate(this);
        Scheduling = new SchedulingContext(this);
    }

    /// <summary>Whose it is; that of a free one says nothing.</summary>
    public Domain Domain { get; private set; }

    /// <summary>Its number in the domain, from 0.</summary>
    public int Id { get; private set; }

    /// <summary>The virtual CPU of the vendor's extension.</summary>
    public VcpuHardware Hardware { get; }

    /// <summary>Its local APIC.</summary>
    public LocalApic Apic { get; }

    /// <summary>Its periodic, single-shot and poll timers.</summary>
    public VcpuTimers Timers { get; }

    /// <summary>How long it was in which state, and the guest's copies of that.</summary>
    public Runstate Runstate { get; }

    /// <summary>What the dispatcher goes by.</summary>
    public SchedulingContext Scheduling { get; }

    /// <summary>What policy and operator said of it.</summary>
    public ref SchedulingRules Rules => ref _rules;

    /// <summary>How the dispatcher has treated it.</summary>
    public DispatchAccount Account { get; } = new();

    /// <summary>Its address-space tag on the CPU where it ran last.</summary>
    public ref AsidTag AsidTag => ref _asidTag;

    /// <summary>Flushes of its domain's translations.</summary>
    public GuestTlb Tlb { get; private set; }

    /// <summary>Recently translated frames of its domain.</summary>
    public GfnCache Translations { get; } = new();

    /// <summary>Recently translated pages of its guest-virtual memory.</summary>
    public GuestWalks Walks { get; }

    /// <summary>The CPU whose run queue lock guards <see cref="State"/>; where it runs or will run.</summary>
    public PhysicalCpu Cpu { get; set; }

    /// <summary>Where it is; guarded by <see cref="Cpu"/>'s lock.</summary>
    public VcpuState State { get; set; }

    /// <summary>Set by a handler on this vCPU's own CPU: wait for pending work instead of entering the guest.</summary>
    public bool WantsBlock
    {
        get => (_wants & BlockWish) != 0;
        set => SetWish(BlockWish, value);
    }

    /// <summary>Go offline instead of entering the guest. Set from any CPU (VCPUOP_down), together with pending work.</summary>
    public bool WantsOffline
    {
        get => (_wants & OfflineWish) != 0;
        set => SetWish(OfflineWish, value);
    }

    /// <summary>It wants to block or to go offline.</summary>
    public bool WantsToLeave => Volatile.Read(ref _wants) != 0;

    /// <summary>It executed HLT and waits for an interrupt: other work does not make it go on.</summary>
    public bool IsHalted { get; set; }

    /// <summary>It has a state to run with (building, VCPUOP_initialise, INIT).</summary>
    public bool IsInitialised { get; set; }

    /// <summary>It waits in SCHEDOP_poll.</summary>
    public bool IsPolling { get; set; }

    /// <summary>Frame that holds its vcpu_info; 0 while it has none (vCPUs past 31 before they register one).</summary>
    public ulong InfoMfn { get; set; }

    /// <summary>Offset of vcpu_info in <see cref="InfoMfn"/>.</summary>
    public int InfoOffset { get; set; }

    /// <summary>The guest has registered its vcpu_info: <see cref="InfoMfn"/> is a referenced frame of its memory.</summary>
    public bool HasOwnInfo { get; set; }

    /// <summary>Vector of HVMOP_set_evtchn_upcall_vector; 0 for none.</summary>
    public byte UpcallVector { get; set; }

    // The CPU that executes this runs it. Exact whatever other CPUs do: what runs here is changed here only.
    private bool IsCurrent
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            PhysicalCpu cpu = Cpu;
            return cpu.Current == this && cpu.IsThis;
        }
    }

    /// <summary>What is pending.</summary>
    public PendingWork Pending => (PendingWork)Volatile.Read(ref _pending);

    /// <summary>Marks work as pending and makes the vCPU look at it soon: wakes it or makes it leave guest mode. From any CPU.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Post(PendingWork work) => MarkAndWake(work);

    /// <summary>Marks work as pending on the vCPU's own CPU, where it will be seen before the next entry.</summary>
    public void PostLocally(PendingWork work) => Interlocked.Or(ref _pending, (int)work);

    /// <summary>Takes the given bits out of the pending work.</summary>
    public void Drop(PendingWork work) => Interlocked.And(ref _pending, (int)~work);

    /// <summary>Takes the given bits out of the pending work and returns those that were set.</summary>
    public PendingWork Take(PendingWork work) => (PendingWork)Interlocked.And(ref _pending, (int)~work) & work;

    /// <summary>evtchn_upcall_pending was set in its vcpu_info: deliver the upcall the way the guest asked for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void RaiseUpcall()
    {
        if (UpcallVector == 0 && IsCurrent)
            PostLocally(PendingWork.Upcall | PendingWork.FreshUpcall);
        else
            RaiseFarUpcall();
    }

    /// <summary>
    /// On its own CPU: the vCPU goes offline until it is brought up again. When it was the last one online, the domain powers off, as on
    /// Xen.
    /// </summary>
    public void GoOffline()
    {
        WantsOffline = true;

        // Of two that go at the same time, at least one sees the other's mark.
        Interlocked.MemoryBarrier();
        foreach (Vcpu other in Domain.Vcpus)
        {
            if (other.State != VcpuState.Offline && !other.WantsOffline)
                return;
        }

        Domain.Shutdown(ShutdownReason.Poweroff);
    }

    /// <summary>Gives a free vCPU, which is offline, to a domain.</summary>
    public void Bind(Domain domain, int id)
    {
        Domain = domain;
        Id = id;
        Tlb = domain.Memory.Tlb;
        Walks.Bind(domain);

        // What a CPU holds under the old tag is another domain's.
        _asidTag = default;
        Domain.Kernel.Dispatcher.Assign(this, domain.Kernel.HomeOf(id));
    }

    /// <summary>Puts the vCPU back to how a new domain's is.</summary>
    public void ResetForNewDomain()
    {
        Interlocked.Exchange(ref _pending, 0);
        WantsBlock = false;
        WantsOffline = false;
        IsHalted = false;
        IsInitialised = false;
        IsPolling = false;
        InfoMfn = 0;
        InfoOffset = 0;
        HasOwnInfo = false;
        UpcallVector = 0;
        Timers.Reset();
        Runstate.Reset();
        Apic.Reset();
        Account.Reset();
        Domain.Kernel.Plan.Enter(this);
    }

    private void RaiseFarUpcall()
    {
        if (UpcallVector != 0)
            Apic.PostUpcall();
        else
            MarkAndWake(PendingWork.Upcall);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)] // for the upcalls of every event
    private void MarkAndWake(PendingWork work)
    {
        Interlocked.Or(ref _pending, (int)work);
        if (!IsCurrent)
            Domain.Kernel.Dispatcher.Wake(this);
    }

    // One of the wishes may come from another CPU.
    private void SetWish(int wish, bool value)
    {
        if (value)
            Interlocked.Or(ref _wants, wish);
        else if ((Volatile.Read(ref _wants) & wish) != 0)
            Interlocked.And(ref _wants, ~wish);
    }
}
