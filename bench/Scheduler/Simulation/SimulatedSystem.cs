using System;
using System.Collections.Generic;
using System.Threading;

namespace Microkernel.Services.Scheduler.Simulation;

/// <summary>A simulated machine with the scheduler's own engine, which has an epoch whenever it wants one.</summary>
public sealed class SimulatedSystem
{
    private ulong _nextEpoch;

    /// <summary>Makes one.</summary>
    /// <param name="cpus">How many CPUs.</param>
    /// <param name="capacity">How many vCPUs a CPU must have room for.</param>
    public SimulatedSystem(int cpus, int capacity = 256)
    {
        Machine = new Machine(cpus, capacity);
        Core = new SimulatedCore(Machine);
        Engine = new SchedulerEngine(
            Core, new KeptStore(new ArrayKeptMemory(1 << 20)), new EngineOptions { TimeLimit = Timeout.InfiniteTimeSpan }, Said.Add);
    }

    /// <summary>The machine.</summary>
    public Machine Machine { get; }

    /// <summary>What the engine sees of it.</summary>
    public SimulatedCore Core { get; }

    /// <summary>The engine.</summary>
    public SchedulerEngine Engine { get; }

    /// <summary>What the engine has said.</summary>
    public List<string> Said { get; } = [];

    /// <summary>Adds a domain.</summary>
    /// <param name="domain">Its number.</param>
    /// <param name="settings">What its operator wants.</param>
    /// <param name="behaviours">Of each vCPU.</param>
    public IReadOnlyList<SimVcpu> Add(uint domain, DomainSettings settings, params ReadOnlySpan<Behaviour> behaviours)
    {
        List<SimVcpu> vcpus = [];
        foreach (Behaviour behaviour in behaviours)
            vcpus.Add(Machine.Add(new VcpuKey(domain, 1, (uint)vcpus.Count), behaviour, (int)(domain + vcpus.Count) % Machine.Cpus.Count));
        Core.Changed();
        if (settings != DomainSettings.None)
            Engine.Change(domain, _ => settings);
        return vcpus;
    }

    /// <summary>Adds a service with one vCPU.</summary>
    public SimVcpu AddService(uint domain, Behaviour behaviour)
    {
        SimVcpu vcpu = Machine.Add(new VcpuKey(domain, 1, 0), behaviour, 0, isService: true);
        vcpu.Context.Weight = 4096;
        Core.Changed();
        return vcpu;
    }

    /// <summary>Lets time pass, and the engine work.</summary>
    public void Run(ulong ns)
    {
        ulong end = Machine.Now + ns;
        while (Machine.Now < end)
        {
            Machine.Run(Math.Min(Math.Max(_nextEpoch, Machine.Now), end));
            if (Machine.Now >= _nextEpoch)
                _nextEpoch = Machine.Now + (ulong)Engine.RunEpoch().TotalNanoseconds;
        }
    }
}
