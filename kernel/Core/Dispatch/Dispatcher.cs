using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Threading;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Time;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Dispatch;

/// <summary>
/// Runs vCPUs on CPUs. Every CPU takes the vCPU that its <see cref="CpuSchedule"/> says, for one slice at most; virtual time is comparable
/// between CPUs, so that a CPU takes over a waiting vCPU from another one when that one is due first. No lock is global.
/// </summary>
public sealed class Dispatcher
{
    private const ulong MicrosecondsPerSecond = 1_000_000;
    private const ulong LostTimersPerSecond = 2;

    private readonly Kernel _kernel;
    private readonly Machine _machine;
    private readonly ulong _lostAfter;
    private readonly ulong[] _latencyBounds = new ulong[DispatchAccount.LatencyClasses - 1];

    /// <summary>A dispatcher for the CPUs of <paramref name="kernel"/>.</summary>
    public Dispatcher(Kernel kernel)
    {
        _kernel = kernel;
        _machine = kernel.Machine;
        _lostAfter = kernel.Machine.TscFrequency / LostTimersPerSecond;
        ReadOnlySpan<uint> bounds = [100, 300, 1000, 3000, 10_000, 30_000, 100_000];
        for (int i = 0; i < bounds.Length; i++)
            _latencyBounds[i] = bounds[i] * kernel.Machine.TscFrequency / MicrosecondsPerSecond;
    }

    /// <summary>A long operation on this CPU should stop at its next safe point.</summary>
    public bool ShouldPreempt
    {
        get
        {
            PhysicalCpu cpu = _kernel.ThisCpu;
            return cpu.MustReschedule || _machine.ReadTsc() >= cpu.SliceEnd;
        }
    }

    /// <summary>
    /// The one-shot timer of the executing CPU, number <paramref name="cpu"/>, has fired. Called by the interrupt handler: it only
    /// leaves a note.
    /// </summary>
    public void OnTimer(int cpu) => _kernel.Cpus[cpu].TimerFired = true;

    /// <summary>Runs vCPUs on the executing CPU for ever.</summary>
    public void Run(int index)
    {
        PhysicalCpu cpu = _kernel.Cpus[index];
        while (true)
            Step(cpu);
    }

    /// <summary>One decision and what follows from it: a slice of a vCPU, a piece of life-cycle work, or a wait.</summary>
    public void Step(PhysicalCpu cpu)
    {
        ExpireTimers(cpu);
        Vcpu? next = cpu.RunsGuests ? TakeNext(cpu) : null;
        if (next != null)
            RunSlice(cpu, next);

        if (_kernel.Consoles.HasWork)
            _kernel.Consoles.DoPiece();

        bool hadWork = _kernel.LifeCycle.HasWork && _kernel.LifeCycle.DoPiece();
        if (next == null && !hadWork)
            Wait(cpu);
    }

    /// <summary>Makes a blocked vCPU runnable, and a running one look at its pending work. From any CPU, any number of times.</summary>
    public void Wake(Vcpu vcpu)
    {
        PhysicalCpu cpu = LockCpuOf(vcpu);
        VcpuState state = vcpu.State;
        if (state == VcpuState.Blocked && !vcpu.Domain.MustStop)
        {
            MakeRunnable(vcpu, cpu);
            return;
        }

        cpu.Lock.Exit();
        if (state == VcpuState.Running && cpu.Index != _machine.CurrentCpu)
            _machine.SendKick(cpu.Index);
    }

    /// <summary>
    /// The running vCPU of the executing CPU gives way (SCHEDOP_yield): it gets behind the vCPU that waits here for the longest.
    /// </summary>
    public void Yield(Vcpu vcpu)
    {
        PhysicalCpu cpu = _kernel.ThisCpu;
        cpu.MustReschedule = true;
        cpu.Schedule.Yield(vcpu.Scheduling);
    }

    /// <summary>Brings an initialised, offline vCPU into the game: a new domain's first, VCPUOP_up, a start-up IPI.</summary>
    public void BringOnline(Vcpu vcpu)
    {
        PhysicalCpu cpu = LockCpuOf(vcpu);

        // One that was told to go and still runs stays.
        vcpu.WantsOffline = false;
        if (vcpu.State == VcpuState.Offline)
            vcpu.State = VcpuState.Paused;

        cpu.Lock.Exit();
        Resume(vcpu);
    }

    /// <summary>The vCPU's domain is paused no more, or it was brought online: it goes on if it has a reason to.</summary>
    public void Resume(Vcpu vcpu)
    {
        PhysicalCpu cpu = LockCpuOf(vcpu);
        bool goesOn = vcpu.State == VcpuState.Paused || (vcpu.State == VcpuState.Blocked && vcpu.Pending != PendingWork.None);
        if (goesOn && !vcpu.Domain.MustStop)
        {
            MakeRunnable(vcpu, cpu);
            return;
        }

        bool isRunning = vcpu.State == VcpuState.Running;
        cpu.Lock.Exit();
        if (isRunning && cpu.Index != _machine.CurrentCpu)
            _machine.SendKick(cpu.Index);
    }

    /// <summary>The vCPU's domain must stop: if it runs it gives way soon. True when it does not run, and will not.</summary>
    public bool TryStop(Vcpu vcpu)
    {
        PhysicalCpu cpu = LockCpuOf(vcpu);
        bool isRunning = vcpu.State == VcpuState.Running;
        cpu.Lock.Exit();
        if (isRunning)
        {
            cpu.MustReschedule = true;
            _machine.SendKick(cpu.Index);
        }

        return !isRunning;
    }

    /// <summary>True when no CPU runs the vCPU and, its domain having ended, none will.</summary>
    public bool IsAtRest(Vcpu vcpu)
    {
        PhysicalCpu cpu = LockCpuOf(vcpu);
        bool atRest = vcpu.State is not (VcpuState.Runnable or VcpuState.Running);
        cpu.Lock.Exit();
        return atRest;
    }

    /// <summary>An offline vCPU will run on <paramref name="target"/> first.</summary>
    public void Assign(Vcpu vcpu, PhysicalCpu target)
    {
        PhysicalCpu cpu = LockCpuOf(vcpu);
        vcpu.Cpu = target;
        cpu.Lock.Exit();
    }

    /// <summary>Takes a vCPU at rest, of a domain that has ended, out of the game.</summary>
    public void Retire(Vcpu vcpu)
    {
        PhysicalCpu cpu = LockCpuOf(vcpu);
        vcpu.State = VcpuState.Offline;
        cpu.Lock.Exit();
    }

    /// <summary>Locks the CPU that the vCPU is assigned to.</summary>
    internal static PhysicalCpu LockCpuOf(Vcpu vcpu)
    {
        while (true)
        {
            PhysicalCpu cpu = vcpu.Cpu;
            cpu.Lock.Enter();
            if (vcpu.Cpu == cpu)
                return cpu;

            cpu.Lock.Exit();
        }
    }

    private void RunSlice(PhysicalCpu cpu, Vcpu vcpu)
    {
        SwitchTo(cpu, vcpu, cpu.SliceStart);
        while (MayEnter(cpu, vcpu))
        {
            ArmTimer(cpu);
            do
            {
                VcpuRunner.RunOnce(cpu, vcpu);
            }
            while (!cpu.NeedsLook && !vcpu.WantsToLeave);
            ExpireTimers(cpu);
        }

        vcpu.Hardware.Unload();
        ulong end = _machine.ReadTsc();
        cpu.Current = null;
        PutAway(cpu, vcpu, end);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void SwitchTo(PhysicalCpu cpu, Vcpu vcpu, ulong now)
    {
        cpu.Current = vcpu;
        if (cpu.LastDomain != vcpu.Domain)
        {
            _machine.SpeculationBarrier();
            cpu.LastDomain = vcpu.Domain;
        }

        vcpu.Hardware.Load();
        vcpu.Account.Runs(cpu.Index, now, _latencyBounds);
        vcpu.Runstate.Enter(RunstateKind.Running, now);
        vcpu.Runstate.Publish();
    }

    private static bool MayEnter(PhysicalCpu cpu, Vcpu vcpu)
    {
        if (vcpu.WantsBlock && vcpu.Pending != PendingWork.None)
            vcpu.WantsBlock = false;

        return !(cpu.MustReschedule || vcpu.WantsToLeave || vcpu.Domain.MustStop);
    }

    // Its state is saved: from here on other CPUs may take it. A wake-up that came after MayEnter looked makes it runnable.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void PutAway(PhysicalCpu cpu, Vcpu vcpu, ulong now)
    {
        cpu.Lock.Enter();
        cpu.Schedule.Stop(now - cpu.SliceStart);
        VcpuState next = NextState(vcpu);
        vcpu.State = next;
        cpu.Slices.Append(vcpu, cpu.SliceStart, now);
        vcpu.WantsBlock = false;
        if (next == VcpuState.Offline || (vcpu.Pending & PendingWork.Startup) != 0)
        {
            // Only then: another CPU may tell it to go at any time. One that is started meanwhile obeys before it goes, or stays.
            vcpu.WantsOffline = false;
        }

        vcpu.Runstate.Enter(KindFor(next), now);
        if (vcpu.Scheduling.Allows(cpu.Index))
        {
            if (next == VcpuState.Runnable)
                cpu.Schedule.Add(vcpu.Scheduling, now);

            cpu.Lock.Exit();
            return;
        }

        Move(vcpu, cpu);
    }

    /// <summary>A vCPU that is in no queue leaves a CPU on which it must not run any more, whose lock is held, and given back.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal void Move(Vcpu vcpu, PhysicalCpu last)
    {
        PhysicalCpu target = FindIdleCpu(vcpu) ?? _kernel.Cpus[BitOperations.TrailingZeroCount(vcpu.Scheduling.Affinity)];
        if (vcpu.State == VcpuState.Runnable)
        {
            Place(vcpu, last, target, _machine.ReadTsc());
            return;
        }

        vcpu.Cpu = target;
        last.Lock.Exit();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static VcpuState NextState(Vcpu vcpu)
    {
        // A start-up IPI that came meanwhile found it not yet offline.
        if (vcpu.WantsOffline && (vcpu.Pending & PendingWork.Startup) == 0)
            return VcpuState.Offline;

        if (vcpu.WantsBlock && vcpu.Pending == PendingWork.None)
            return VcpuState.Blocked;

        return vcpu.Domain.MustStop ? VcpuState.Paused : VcpuState.Runnable;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static RunstateKind KindFor(VcpuState state)
    {
        if (state == VcpuState.Blocked)
            return RunstateKind.Blocked;

        return state == VcpuState.Runnable ? RunstateKind.Runnable : RunstateKind.Offline;
    }

    // A vCPU has a reason to run. The lock of its CPU is held, and given back.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void MakeRunnable(Vcpu vcpu, PhysicalCpu cpu)
    {
        vcpu.State = VcpuState.Runnable;
        ulong now = _machine.ReadTsc();
        vcpu.Runstate.Enter(RunstateKind.Runnable, now);
        vcpu.Account.Wakes(now);
        if (!vcpu.Scheduling.IsPlain)
            vcpu.Scheduling.Wake(now);

        Place(vcpu, cpu, ChooseCpu(vcpu, cpu), now);
    }

    /// <summary>
    /// Puts a vCPU that can run, while the lock of its last CPU is held, into the queue of a CPU, and has that CPU look when it should. The
    /// lock is given back.
    /// </summary>
    internal void Place(Vcpu vcpu, PhysicalCpu last, PhysicalCpu cpu, ulong now)
    {
        if (cpu != last)
        {
            last.Lock.Exit();
            cpu.Lock.Enter();
            vcpu.Cpu = cpu;
        }

        bool preempts = cpu.Schedule.Join(vcpu.Scheduling, now);
        if (preempts)
            cpu.MustReschedule = true;

        cpu.Lock.Exit();

        // Pairs with the barrier in Wait: either that CPU sees the vCPU in its queue, or it is seen to be idle here.
        Interlocked.MemoryBarrier();
        if (cpu.Index != _machine.CurrentCpu && (preempts || cpu.IsIdle))
            _machine.SendKick(cpu.Index);
    }

    private PhysicalCpu ChooseCpu(Vcpu vcpu, PhysicalCpu last)
    {
        if ((last.IsIdle || last.Current == null) && !last.Schedule.IsClosed)
            return last;

        return FindIdleCpu(vcpu) ?? last;
    }

    // For a certain vCPU, or for anybody.
    private PhysicalCpu? FindIdleCpu(Vcpu? vcpu)
    {
        foreach (PhysicalCpu cpu in _kernel.Cpus)
        {
            if (cpu.IsIdle && cpu.RunsGuests && !cpu.Schedule.IsClosed && (vcpu == null || vcpu.Scheduling.Allows(cpu.Index)))
                return cpu;
        }

        return null;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vcpu? TakeNext(PhysicalCpu cpu)
    {
        ulong now = _machine.ReadTsc();
        CpuSchedule schedule = cpu.Schedule;
        if ((schedule.Count == 0 || now >= cpu.SliceEnd) && !schedule.IsClosed)
        {
            TakeOver(cpu, now);
            now = _machine.ReadTsc();
        }

        cpu.Lock.Enter();
        cpu.MustReschedule = false;
        cpu.SliceStart = now;
        Vcpu? next = (Vcpu?)schedule.PickNext(now, out ulong until)?.Owner;
        cpu.SliceEnd = until;
        if (next != null)
            next.State = VcpuState.Running;

        bool someoneWaits = schedule.Count != 0;
        cpu.Lock.Exit();
        if (someoneWaits)
            CallIdleCpu();

        return next;
    }

    // Nobody waits for longer than a slice while a CPU has nothing to do: an idle one comes and takes over who is due first.
    private void CallIdleCpu()
    {
        if (FindIdleCpu(null) is { } idle)
            _machine.SendKick(idle.Index);
    }

    // Moves a vCPU here that waits elsewhere and is due before all that wait here.
    private void TakeOver(PhysicalCpu cpu, ulong now)
    {
        PhysicalCpu? from = null;
        SchedulingContext? best = null;
        foreach (PhysicalCpu other in _kernel.Cpus)
        {
            SchedulingContext? first = other == cpu ? null : other.Schedule.First;
            if (first != null && first.Allows(cpu.Index) && (best == null ? cpu.Schedule.Wants(first) : first.Precedes(best)))
            {
                from = other;
                best = first;
            }
        }

        if (from == null)
            return;

        from.Lock.Enter();
        SchedulingContext? moved = from.Schedule.First;
        moved = moved != null && moved.Allows(cpu.Index) ? moved : null;
        if (moved != null)
            from.Schedule.Remove(moved);

        from.Lock.Exit();
        if (moved?.Owner is Vcpu vcpu)
        {
            cpu.Lock.Enter();
            vcpu.Cpu = cpu;
            cpu.Schedule.Join(moved, now);
            cpu.Lock.Exit();
        }
    }

    private void Wait(PhysicalCpu cpu)
    {
        cpu.IsIdle = true;
        Interlocked.MemoryBarrier();
        if (!cpu.Schedule.HasNews && !_kernel.LifeCycle.HasWork && !_kernel.Consoles.HasWork)
        {
            cpu.Timers.HasChanged = false;
            SetTimer(cpu, Math.Min(cpu.Timers.NextDeadline, cpu.SliceEnd));
            ulong start = _machine.ReadTsc();
            _machine.Idle();
            cpu.IdleTicks += _machine.ReadTsc() - start;
        }

        cpu.IsIdle = false;
    }

    private void ExpireTimers(PhysicalCpu cpu)
    {
        if (cpu.TimerFired)
            OnTimerFired(cpu);
    }

    private void OnTimerFired(PhysicalCpu cpu)
    {
        cpu.TimerFired = false;
        cpu.ProgrammedDeadline = ulong.MaxValue;
        cpu.Timers.Expire();
        if (cpu.IsSliceOver())
            cpu.MustReschedule = true;

        FindLostTimers();
    }

    // A machine that loses a timer's interrupt (docs/qemu.md) would leave that CPU to one guest for ever if nobody else interrupts it. An
    // emulated CPU may be late without a loss, and rings are what such a machine loses interrupts by: so it is given time.
    private void FindLostTimers()
    {
        ulong now = _machine.ReadTsc();
        foreach (PhysicalCpu other in _kernel.Cpus)
        {
            ulong deadline = other.ProgrammedDeadline;
            if (deadline >= now || now - deadline < _lostAfter)
                continue;

            other.TimerFired = true;
            _machine.SendKick(other.Index);
        }
    }

    // For the end of a slice, a timer that fires earlier is as good: it is armed again then, once in a while instead of at each switch.
    private void ArmTimer(PhysicalCpu cpu)
    {
        cpu.Timers.HasChanged = false;
        ulong deadline = cpu.Timers.NextDeadline;
        deadline = cpu.SliceEnd < deadline ? cpu.SliceEnd : deadline;
        if (deadline < cpu.ProgrammedDeadline)
            SetTimer(cpu, deadline);
    }

    private void SetTimer(PhysicalCpu cpu, ulong deadline)
    {
        cpu.ProgrammedDeadline = deadline;
        _machine.SetTimer(deadline);
    }
}
