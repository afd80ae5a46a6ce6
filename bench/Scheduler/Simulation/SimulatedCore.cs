using System.Collections.Generic;
using System.Linq;

namespace Microkernel.Services.Scheduler.Simulation;

/// <summary>What the scheduler sees of a simulated machine.</summary>
public sealed class SimulatedCore(Machine machine) : ISchedulingCore
{
    private readonly uint[] _cpus = [.. machine.Cpus.Select(static cpu => (uint)cpu.Index)];
    private ulong _generation = 1;

    /// <summary>Transactions that were applied.</summary>
    public int Applied { get; private set; }

    /// <summary>Contexts that were changed.</summary>
    public int Changes { get; private set; }

    /// <summary>vCPUs came or went.</summary>
    public void Changed() => _generation++;

    /// <inheritdoc/>
    public CoreState Read() => new(_generation, machine.Now, _cpus, [.. machine.Vcpus.Values.Select(Describe)]);

    /// <summary>None: a simulation keeps sums.</summary>
    public SliceBatch ReadSlices(uint cpu, ulong first) => new([], first, 0, machine.Now);

    /// <inheritdoc/>
    public ApplyResult Apply(Transaction transaction)
    {
        if (transaction.BaseGeneration != _generation)
            return new ApplyResult(ApplyStatus.Stale);
        if (Admission.Check(transaction, Read()) is { } reason)
            return new ApplyResult(ApplyStatus.Refused, reason);
        HashSet<int> nodes =
        [
            .. transaction.Contexts.Select(c => machine.Vcpus[c.Vcpu].Cpu.Node),
            .. transaction.Tables.Select(static t => (int)t.Cpu / SimCpu.PerNode),
        ];
        machine.Change(nodes, () =>
        {
            foreach (ContextChange change in transaction.Contexts)
                Set(change);
            foreach (CpuTable table in transaction.Tables)
                machine.Cpus[(int)table.Cpu].Schedule.Table.Clear();
            foreach (CpuTable table in transaction.Tables)
                Set(table);
        });
        _generation++;
        Applied++;
        Changes += transaction.Contexts.Count;
        return new ApplyResult(ApplyStatus.Applied);
    }

    /// <inheritdoc/>
    public bool Pin(uint domain, uint vcpu, ulong cpus)
    {
        SimVcpu? found = machine.Vcpus.Values.FirstOrDefault(v => v.Key.Domain == domain && v.Key.Vcpu == vcpu);
        if (found is null)
            return false;
        machine.Change(new HashSet<int> { found.Cpu.Node }, () => found.Context.Pin = cpus);
        _generation++;
        return true;
    }

    private static VcpuRecord Describe(SimVcpu vcpu) => new()
    {
        Key = vcpu.Key,
        IsService = vcpu.IsService,
        Activity = vcpu.Activity,
        Cpu = (uint)vcpu.Cpu.Index,
        Pin = vcpu.Context.Pin,
        RanNs = vcpu.RanNs,
        WaitedNs = vcpu.WaitedNs,
        Wakeups = vcpu.Wakeups,
        Migrations = vcpu.Migrations,
        WorstWaitNs = vcpu.Latencies.Worst,
        Context = new VcpuContext
        {
            BudgetNs = vcpu.IsService ? 0 : vcpu.Context.Budget,
            PeriodNs = vcpu.Context.Period == 0 ? VcpuContext.UsualPeriodNs : vcpu.Context.Period,
            LimitNs = vcpu.Context.Limit,
            Weight = (uint)vcpu.Context.Weight,
            Band = (uint)vcpu.Context.Band,
            Affinity = vcpu.Context.Affinity,
        },
    };

    private void Set(ContextChange change)
    {
        SimVcpu vcpu = machine.Vcpus[change.Vcpu];
        vcpu.Context.Weight = (int)change.Context.Weight;
        if (change.IsWeightOnly)
            return;
        vcpu.Context.Choice = change.Context.Affinity;
        vcpu.Context.SetRules(change.Context.BudgetNs, change.Context.PeriodNs, change.Context.LimitNs, (int)change.Context.Band, machine.Now);
    }

    private void Set(CpuTable table)
    {
        var schedule = machine.Cpus[(int)table.Cpu].Schedule;
        foreach (TableSlot slot in table.Slots)
            schedule.Table.Append(slot.Vcpu is { } vcpu ? machine.Vcpus[vcpu].Context : null, slot.LengthNs, slot.IsStrict);
        schedule.Restart(machine.Now);
    }
}
