using System;
using System.Collections.Generic;
using System.Linq;
using Microkernel.Services.Scheduler.Simulation;

namespace Microkernel.Services.Scheduler.Tests;

/// <summary>A core with some CPUs and domains, which checks transactions as docs/scheduler-service.md says that the core does.</summary>
internal sealed class FakeCore : ISchedulingCore
{
    internal FakeCore(int cpus = 2)
    {
        Cpus = [.. Enumerable.Range(1, cpus).Select(static cpu => (uint)cpu)];
        Add(1, vcpus: 1, isService: true);
        Add(7, vcpus: 1);
        Add(8, vcpus: 2);
    }

    internal List<uint> Cpus { get; }

    internal SortedDictionary<VcpuKey, VcpuRecord> Vcpus { get; } = [];

    internal Dictionary<uint, CpuTable> Tables { get; } = [];

    internal List<Transaction> Applied { get; } = [];

    internal ulong Generation { get; private set; } = 1;

    internal ulong Now { get; set; } = 1_000_000_000;

    /// <summary>So many transactions more are stale, because something happens before each.</summary>
    internal int StaleTimes { get; set; }

    /// <summary>What every transaction is refused with.</summary>
    internal string? Refusal { get; set; }

    /// <summary>What each CPU's slices were since its start.</summary>
    internal Dictionary<uint, List<CpuSlice>> Slices { get; } = [];

    /// <summary>How many of a CPU's last slices there still are.</summary>
    internal int KeptSlices { get; set; } = int.MaxValue;

    /// <summary>Called before slices are read, with the CPU; time may pass.</summary>
    internal Action<uint>? BeforeSlices { get; set; }

    internal void Add(uint domain, uint vcpus, bool isService = false, ulong generation = 1)
    {
        for (uint vcpu = 0; vcpu < vcpus; vcpu++)
        {
            var key = new VcpuKey(domain, generation, vcpu);
            Vcpus[key] = new VcpuRecord
            {
                Key = key,
                IsService = isService,
                Cpu = Cpus[0],
                Context = new VcpuContext { Weight = isService ? 4096u : 256u, Affinity = CpuBits.Of(Cpus) },
            };
        }

        Generation++;
    }

    internal void Remove(uint domain)
    {
        foreach (VcpuKey key in Vcpus.Keys.Where(k => k.Domain == domain).ToList())
            Vcpus.Remove(key);
        Generation++;
    }

    internal VcpuRecord Of(uint domain, uint vcpu = 0) => Vcpus.Values.Single(v => v.Key.Domain == domain && v.Key.Vcpu == vcpu);

    internal VcpuContext Context(uint domain, uint vcpu = 0) => Of(domain, vcpu).Context;

    /// <summary>Time passes in which a vCPU does something.</summary>
    internal void Run(uint domain, uint vcpu = 0, ulong ranNs = 0, ulong waitedNs = 0, ulong wakeups = 0)
    {
        VcpuRecord before = Of(domain, vcpu);
        Vcpus[before.Key] = before with { RanNs = before.RanNs + ranNs, WaitedNs = before.WaitedNs + waitedNs, Wakeups = before.Wakeups + wakeups };
    }

    public CoreState Read() => new(Generation, Now, [.. Cpus], [.. Vcpus.Values]);

    public SliceBatch ReadSlices(uint cpu, ulong first)
    {
        const int atATime = 128;
        lock (Slices)
        {
            BeforeSlices?.Invoke(cpu);
            List<CpuSlice> all = Slices.GetValueOrDefault(cpu, []);
            ulong oldest = Math.Max(first, (ulong)Math.Max(0, all.Count - KeptSlices));
            CpuSlice[] found = [.. all.Skip((int)oldest).Take(atATime)];
            return new SliceBatch(found, oldest + (ulong)found.Length, oldest - first, Now);
        }
    }

    public ApplyResult Apply(Transaction transaction)
    {
        if (StaleTimes > 0)
        {
            StaleTimes--;
            Generation++;
        }

        if (transaction.BaseGeneration != Generation)
            return new ApplyResult(ApplyStatus.Stale);
        if ((Refusal ?? Admission.Check(transaction, Read())) is { } reason)
            return new ApplyResult(ApplyStatus.Refused, reason);
        foreach (ContextChange change in transaction.Contexts)
            Set(change);
        foreach (CpuTable table in transaction.Tables)
            Tables[table.Cpu] = table;
        Applied.Add(transaction);
        Generation++;
        return new ApplyResult(ApplyStatus.Applied);
    }

    public bool Pin(uint domain, uint vcpu, ulong cpus)
    {
        VcpuRecord found = Of(domain, vcpu);
        Vcpus[found.Key] = found with { Pin = cpus };
        return true;
    }

    private void Set(ContextChange change)
    {
        VcpuRecord before = Vcpus[change.Vcpu];
        ulong affinity = (change.Context.Affinity & before.Pin) != 0 ? change.Context.Affinity & before.Pin : before.Pin;
        Vcpus[change.Vcpu] = before with
        {
            Context = change.IsWeightOnly ? before.Context with { Weight = change.Context.Weight } : change.Context with { Affinity = affinity },
        };
    }
}
