using System;
using Microkernel.Core.Dispatch;

namespace Microkernel.Services.Scheduler.Simulation;

/// <summary>A simulated vCPU, and what became of it.</summary>
public sealed class SimVcpu
{
    private ulong _readySince;
    private bool _isWaking;
    private int _lastCpu = -1;

    internal SimVcpu(VcpuKey key, Behaviour behaviour, SimCpu home)
    {
        (Key, Behaviour, Cpu) = (key, behaviour, home);
        Context = new SchedulingContext(this);
    }

    /// <summary>Who it is.</summary>
    public VcpuKey Key { get; }

    /// <summary>What it does.</summary>
    public Behaviour Behaviour { get; }

    /// <summary>It has a floor.</summary>
    public bool IsService { get; init; }

    /// <summary>What the dispatcher goes by.</summary>
    public SchedulingContext Context { get; }

    /// <summary>What it is doing.</summary>
    public VcpuActivity Activity { get; internal set; } = VcpuActivity.Blocked;

    /// <summary>Time on CPUs, in ns.</summary>
    public ulong RanNs { get; private set; }

    /// <summary>Time that it waited for a CPU, in ns.</summary>
    public ulong WaitedNs { get; private set; }

    /// <summary>The longest wait for a CPU at a stretch, in ns.</summary>
    public ulong LongestWaitNs { get; private set; }

    /// <summary>How long it had waited since it was woken for its present or last slice, in ns; 0 if it was not.</summary>
    public ulong LastWaitNs { get; private set; }

    /// <summary>How often it woke up.</summary>
    public ulong Wakeups { get; private set; }

    /// <summary>How often it ran on another CPU than before.</summary>
    public ulong Migrations { get; private set; }

    /// <summary>From wake-ups until it ran.</summary>
    public Latencies Latencies { get; } = new();

    internal SimCpu Cpu { get; set; }

    /// <summary>What is left of its burst.</summary>
    internal ulong Left { get; set; }

    internal bool IsGone { get; set; }

    internal bool MayRunOn(SimCpu cpu) => cpu.Node == Cpu.Node && Context.Allows(cpu.Index);

    internal void Wake(ulong now)
    {
        Wakeups++;
        _isWaking = true;
        (Left, Activity, _readySince) = (Behaviour.Burst(now), VcpuActivity.Ready, now);
    }

    internal void Start(SimCpu cpu, ulong now)
    {
        Migrations += _lastCpu >= 0 && _lastCpu != cpu.Index ? 1u : 0;
        _lastCpu = cpu.Index;
        ulong wait = now - _readySince;
        WaitedNs += wait;
        LongestWaitNs = Math.Max(LongestWaitNs, wait);
        LastWaitNs = _isWaking ? wait : 0;
        if (_isWaking)
            Latencies.Add(wait);
        (_isWaking, Activity) = (false, VcpuActivity.Running);
    }

    internal void Stop(ulong now, ulong ran)
    {
        RanNs += ran;
        Left -= Left == Behaviour.ForEver ? 0 : Math.Min(Left, ran);
        (Activity, _readySince) = (Left == 0 ? VcpuActivity.Blocked : VcpuActivity.Ready, now);
    }

    /// <summary>Waits that are not over count, too.</summary>
    public ulong PresentWait(ulong now) => Activity == VcpuActivity.Ready ? now - _readySince : 0;
}
