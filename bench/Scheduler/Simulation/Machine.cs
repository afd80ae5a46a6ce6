using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;
using Microkernel.Core.Dispatch;

namespace Microkernel.Services.Scheduler.Simulation;

/// <summary>
/// CPUs and vCPUs in simulated time. Who runs is decided by the core's own class; this one does what the core's dispatcher does around it:
/// it chooses a CPU for who wakes up, has CPUs take vCPUs over from each other, and tells idle ones. The same seeds give the same run.
/// </summary>
public sealed class Machine
{
    /// <summary>In ns.</summary>
    public const ulong Second = 1_000_000_000, Millisecond = 1_000_000, Microsecond = 1000;

    private readonly PriorityQueue<Event, (ulong Time, long Order)> _events = new();
    private readonly SortedDictionary<VcpuKey, SimVcpu> _vcpus = [];
    private readonly SimCpu[] _cpus;
    private long _order;

    /// <summary>Makes one without vCPUs.</summary>
    /// <param name="cpus">How many CPUs.</param>
    /// <param name="capacity">How many vCPUs a CPU must have room for.</param>
    public Machine(int cpus, int capacity) => _cpus = [.. Enumerable.Range(0, cpus).Select(cpu => new SimCpu(cpu, capacity))];

    /// <summary>The time, in ns.</summary>
    public ulong Now { get; private set; } = 1;

    /// <summary>The CPUs.</summary>
    public IReadOnlyList<SimCpu> Cpus => _cpus;

    /// <summary>The vCPUs.</summary>
    public IReadOnlyDictionary<VcpuKey, SimVcpu> Vcpus => _vcpus;

    /// <summary>Decisions that were made.</summary>
    public long Decisions { get; private set; }

    /// <summary>Called when a vCPU has run: who, where, from when, until when.</summary>
    public Action<SimVcpu, SimCpu, ulong, ulong>? OnRan { get; set; }

    /// <summary>Adds a vCPU, which wakes up soon for the first time.</summary>
    public SimVcpu Add(VcpuKey key, Behaviour behaviour, int home, bool isService = false, ulong delay = 0)
    {
        SimVcpu vcpu = new(key, behaviour, _cpus[home]) { IsService = isService };
        if (isService)
            vcpu.Context.SetFloor(2 * Millisecond, 10 * Millisecond);
        _vcpus.Add(key, vcpu);
        At(Now + 1 + delay, new Event(null, vcpu, 0));
        return vcpu;
    }

    /// <summary>Takes a domain's vCPUs away.</summary>
    public void Remove(uint domain)
    {
        foreach (SimVcpu vcpu in _vcpus.Values.Where(v => v.Key.Domain == domain).ToList())
        {
            if (vcpu.Activity == VcpuActivity.Running)
                Stop(vcpu.Cpu);
            vcpu.Cpu.Schedule.Remove(vcpu.Context);
            vcpu.Context.Table?.Forget(vcpu.Context);
            vcpu.IsGone = true;
            _vcpus.Remove(vcpu.Key);
            if (vcpu.Cpu.Running is null)
                Decide(vcpu.Cpu);
        }
    }

    /// <summary>Lets time pass.</summary>
    public void Run(ulong until)
    {
        while (_events.TryPeek(out Event next, out (ulong Time, long Order) at) && at.Time <= until)
        {
            _events.Dequeue();
            Now = at.Time;
            if (next.Vcpu is { IsGone: false } vcpu)
                Wake(vcpu);
            else if (next.Cpu is { } cpu && cpu.Decision == next.Decision)
                Tick(cpu);
        }

        Now = until;
    }

    /// <summary>Changes what the CPUs of some nodes go by, at one moment.</summary>
    internal void Change(IReadOnlySet<int> nodes, Action change)
    {
        SimCpu[] cpus = [.. _cpus.Where(cpu => nodes.Contains(cpu.Node))];
        foreach (SimCpu cpu in cpus.Where(static cpu => cpu.Running is not null))
            Stop(cpu);
        SimVcpu[] ready = [.. _vcpus.Values.Where(v => nodes.Contains(v.Cpu.Node) && v.Activity == VcpuActivity.Ready)];
        foreach (SimVcpu vcpu in ready)
            vcpu.Cpu.Schedule.Remove(vcpu.Context);
        change();
        foreach (SimVcpu vcpu in ready)
        {
            if (!vcpu.MayRunOn(vcpu.Cpu))
                vcpu.Cpu = FirstAllowed(vcpu);
            vcpu.Cpu.Schedule.Add(vcpu.Context, Now);
        }

        foreach (SimCpu cpu in cpus)
        {
            // One that was idle may have been told already by another.
            if (cpu.Running is null)
                Decide(cpu);
        }
    }

    private void Wake(SimVcpu vcpu)
    {
        vcpu.Wake(Now);
        vcpu.Context.Wake(Now);
        if (!vcpu.MayRunOn(vcpu.Cpu))
            vcpu.Cpu = FirstAllowed(vcpu);
        SimCpu cpu = vcpu.Cpu.Running is null && !vcpu.Cpu.Schedule.IsClosed ? vcpu.Cpu : FindIdle(vcpu) ?? vcpu.Cpu;
        vcpu.Cpu = cpu;
        if (!cpu.Schedule.Join(vcpu.Context, Now) && cpu.Running is not null)
            return;
        if (cpu.Running is not null)
            PutBack(cpu);
        Decide(cpu);
    }

    private void Tick(SimCpu cpu)
    {
        if (cpu.Running is not null)
            PutBack(cpu);
        Decide(cpu);
    }

    private void PutBack(SimCpu cpu)
    {
        SimVcpu vcpu = Stop(cpu);
        if (vcpu.Activity == VcpuActivity.Ready)
            cpu.Schedule.Add(vcpu.Context, Now);
    }

    private SimVcpu Stop(SimCpu cpu)
    {
        SimVcpu vcpu = cpu.Running!;
        ulong ran = Now - cpu.DecidedAt;
        cpu.Schedule.Stop(ran);
        cpu.Running = null;
        vcpu.Stop(Now, ran);
        if (vcpu.Activity == VcpuActivity.Blocked)
            At(vcpu.Behaviour.SleepUntil(Now), new Event(null, vcpu, 0));
        OnRan?.Invoke(vcpu, cpu, cpu.DecidedAt, Now);
        return vcpu;
    }

    private void Decide(SimCpu cpu)
    {
        if ((cpu.Schedule.Count == 0 || Now >= cpu.SliceEnd) && !cpu.Schedule.IsClosed)
            TakeOver(cpu);
        if (cpu.IsIdle)
            cpu.IdleNs += Now - cpu.DecidedAt;
        cpu.Decision++;
        Decisions++;
        cpu.Running = (SimVcpu?)cpu.Schedule.PickNext(Now, out ulong until)?.Owner;
        (cpu.SliceEnd, cpu.DecidedAt, cpu.IsIdle) = (until, Now, cpu.Running is null);
        if (cpu.Running is { } vcpu)
        {
            vcpu.Start(cpu, Now);
            until = Math.Min(until, vcpu.Left > ulong.MaxValue - Now ? ulong.MaxValue : Now + vcpu.Left);
        }

        if (until != ulong.MaxValue)
            At(until, new Event(cpu, null, cpu.Decision));
        if (cpu.Schedule.First is { } waiting && FindIdle((SimVcpu)waiting.Owner!) is { } idle && idle != cpu)
            Decide(idle);
    }

    private void TakeOver(SimCpu cpu)
    {
        SimCpu? from = null;
        SchedulingContext? best = null;
        foreach (SimCpu other in NodeOf(cpu))
        {
            SchedulingContext? first = other == cpu ? null : other.Schedule.First;
            if (first is not null && first.Allows(cpu.Index) && (best is null ? cpu.Schedule.Wants(first) : first.Precedes(best)))
                (from, best) = (other, first);
        }

        if (best is null)
            return;
        from!.Schedule.Remove(best);
        ((SimVcpu)best.Owner!).Cpu = cpu;
        cpu.Schedule.Join(best, Now);
    }

    private SimCpu? FindIdle(SimVcpu vcpu)
    {
        foreach (SimCpu cpu in NodeOf(vcpu.Cpu))
        {
            if (cpu.IsIdle && !cpu.Schedule.IsClosed && vcpu.MayRunOn(cpu))
                return cpu;
        }

        return null;
    }

    private SimCpu FirstAllowed(SimVcpu vcpu) => FindIdle(vcpu)
        ?? _cpus[(vcpu.Cpu.Node * SimCpu.PerNode) + BitOperations.TrailingZeroCount(vcpu.Context.Affinity)];

    private ReadOnlySpan<SimCpu> NodeOf(SimCpu cpu)
    {
        int first = cpu.Node * SimCpu.PerNode;
        return _cpus.AsSpan(first, Math.Min(SimCpu.PerNode, _cpus.Length - first));
    }

    private void At(ulong time, Event what)
    {
        if (time != Behaviour.ForEver)
            _events.Enqueue(what, (time, _order++));
    }

    private readonly record struct Event(SimCpu? Cpu, SimVcpu? Vcpu, int Decision);
}
