using System;
using System.Threading;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Dispatch;

/// <summary>Changes of what the dispatcher goes by, while it runs.</summary>
internal sealed class ScheduleChanges(Kernel kernel)
{
    private readonly Kernel _kernel = kernel;

    /// <summary>The vCPU runs on the CPUs of <paramref name="mask"/> only, of which at least one runs guests; those that do not are left out.</summary>
    internal void SetAffinity(Vcpu vcpu, ulong mask)
    {
        PhysicalCpu cpu = TakeOut(vcpu, out bool waits);
        vcpu.Scheduling.Pin = mask;
        Settle(vcpu, cpu, waits, mustLook: false);
    }

    /// <summary>The vCPU goes by other rules from now on; times are nanoseconds. A service's floor stays.</summary>
    internal void Change(Vcpu vcpu, in SchedulingRules rules)
    {
        PhysicalCpu cpu = TakeOut(vcpu, out bool waits);
        SchedulingContext context = vcpu.Scheduling;
        vcpu.Rules = rules;
        context.Weight = (int)rules.Weight;
        context.Choice = rules.Affinity;
        ulong period = ToTicks(rules.Period);
        bool hasChanged = !context.HasFloor
            && context.SetRules(ToTicks(rules.Budget), period, ToTicks(rules.Limit), (int)rules.Band, _kernel.Machine.ReadTsc());
        Settle(vcpu, cpu, waits, hasChanged);
    }

    /// <summary>The vCPU runs in the slots of a table that names it already, or, with null, in no table's any more.</summary>
    internal void SetTable(Vcpu vcpu, CyclicTable? table)
    {
        PhysicalCpu cpu = TakeOut(vcpu, out bool waits);
        vcpu.Scheduling.Table = table;
        Settle(vcpu, cpu, waits, mustLook: true);
    }

    /// <summary>
    /// A CPU has other slots from now on, or none. Those whose slots it had are told by <see cref="SetTable"/> before, the others afterwards.
    /// </summary>
    internal void ReplaceTable(PhysicalCpu cpu, ReadOnlySpan<PolicyAbi.Slot> slots)
    {
        cpu.Lock.Enter();
        CyclicTable table = cpu.Schedule.Table;
        table.Clear();
        for (int i = 0; i < slots.Length; i++)
        {
            bool isNobodys = (slots[i].Flags & PolicyAbi.NobodysSlot) != 0;
            Domain? domain = isNobodys ? null : _kernel.Domains.Find((ushort)slots[i].Domain);
            table.Append(domain?.VcpuAt((int)slots[i].Vcpu).Scheduling, ToTicks(slots[i].Length), (slots[i].Flags & PolicyAbi.StrictSlot) != 0);
        }

        cpu.Schedule.Restart(_kernel.Machine.ReadTsc());
        cpu.MustReschedule = true;
        cpu.Lock.Exit();
        if (cpu.Index != _kernel.Machine.CurrentCpu)
            _kernel.Machine.SendKick(cpu.Index);
    }

    /// <summary>The slots that a CPU's table has for a vCPU at rest are nobody's from now on.</summary>
    internal void ForgetSlots(PhysicalCpu cpu, Vcpu vcpu)
    {
        cpu.Lock.Enter();
        cpu.Schedule.Table.Forget(vcpu.Scheduling);
        cpu.Lock.Exit();
    }

    // With the lock of its CPU, as LockCpuOf; the vCPU is in no queue. One on its way from one to another is left to arrive.
    private static PhysicalCpu TakeOut(Vcpu vcpu, out bool waits)
    {
        while (true)
        {
            PhysicalCpu cpu = Dispatcher.LockCpuOf(vcpu);
            waits = vcpu.Scheduling.IsQueued;
            if (waits)
                cpu.Schedule.Remove(vcpu.Scheduling);

            if (waits || vcpu.State != VcpuState.Runnable)
                return cpu;

            cpu.Lock.Exit();
            Thread.SpinWait(1);
        }
    }

    // Undoes TakeOut, as what was changed meanwhile wants it.
    private void Settle(Vcpu vcpu, PhysicalCpu cpu, bool waits, bool mustLook)
    {
        bool isRunning = vcpu.State == VcpuState.Running;
        bool stays = vcpu.Scheduling.Allows(cpu.Index);
        if (waits && stays)
        {
            _kernel.Dispatcher.Place(vcpu, cpu, cpu, _kernel.Machine.ReadTsc());
            return;
        }

        if (!stays && !isRunning)
        {
            _kernel.Dispatcher.Move(vcpu, cpu);
            return;
        }

        cpu.Lock.Exit();
        if (isRunning && (mustLook || !stays))
            _kernel.Dispatcher.TryStop(vcpu);
    }

    private ulong ToTicks(ulong nanoseconds) => nanoseconds == 0 ? 0 : _kernel.Clock.ToTicks(nanoseconds);
}
