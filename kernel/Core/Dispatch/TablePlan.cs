using System;
using System.Runtime.InteropServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hypercalls;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Dispatch;

/// <summary>The part of a transaction that is about tables of slots. Guarded by <see cref="SchedulingPlan.Lock"/>.</summary>
internal sealed class TablePlan
{
    // In every window, so that a service waits for no longer than its floor's period.
    private const ulong FloorWindow = 10_000_000;
    private const ulong FloorTime = 2_000_000;
    private const ulong ShortestSlot = 100_000;
    private const ulong LongestSlot = 10_000_000_000;
    private const ulong OpenRemainder = SchedulingPlan.WholeCpu - SchedulingPlan.FloorShare;

    private readonly Kernel _kernel;
    private readonly SchedulingPlan _plan;
    private readonly ScheduleChanges _changes;
    private readonly PolicyAbi.Slot[] _slots;
    private readonly Part[] _parts;
    private int _count;
    private ulong _closed;

    internal TablePlan(Kernel kernel, SchedulingPlan plan, ScheduleChanges changes)
    {
        _kernel = kernel;
        _plan = plan;
        _changes = changes;
        _slots = new PolicyAbi.Slot[kernel.Cpus.Length * CyclicTable.MostSlots];
        _parts = new Part[kernel.Cpus.Length];
        for (int cpu = 0; cpu < _parts.Length; cpu++)
            _parts[cpu].Remainder = OpenRemainder;
    }

    /// <summary>The CPUs whose tables leave no time to services.</summary>
    internal ulong ClosedCpus { get; private set; }

    internal bool HasRoomFor(uint slots) => slots <= (uint)_slots.Length;

    internal bool TryRead(in HypercallCall call, ulong address, uint count)
    {
        _count = (int)count;
        _closed = ClosedCpus;
        return call.TryReadBytes(address, MemoryMarshal.AsBytes(new Span<PolicyAbi.Slot>(_slots, 0, _count)));
    }

    /// <summary>What guarantees can have of a CPU after the transaction, on which services may run or not.</summary>
    internal ulong Remainder(int cpu, bool hasServices)
    {
        ulong remainder = _parts[cpu].Count != 0 ? _parts[cpu].NewRemainder : _parts[cpu].Remainder;
        bool isKept = hasServices || (_closed & SchedulingContext.MaskOf(cpu)) != 0;
        return isKept ? remainder : remainder + SchedulingPlan.FloorShare;
    }

    /// <summary>Checks all; <paramref name="failed"/>: the record to blame, counted from <paramref name="first"/> on.</summary>
    internal long Check(ref int failed, int first)
    {
        for (int at = 0; at < _count; at += _parts[_slots[at].Cpu].Count)
        {
            failed = first + at;
            if (!TryBegin(at))
                return XenError.EINVAL;
        }

        for (int at = 0; at < _count; at++)
        {
            failed = first + at;
            long error = IsRemoval(at) ? 0 : CheckSlot(in _slots[at]);
            if (error != 0)
                return error;
        }

        for (int cpu = 0; cpu < _parts.Length; cpu++)
            Measure(cpu);

        if (!LeavesServices())
            return XenError.EBUSY;

        failed = -1;
        return 0;
    }

    /// <summary>Does what was checked, or forgets it.</summary>
    internal void Finish(bool applies)
    {
        for (int cpu = 0; cpu < _parts.Length && applies; cpu++)
        {
            if (_parts[cpu].Count != 0)
                Empty(_kernel.Cpus[cpu]);
        }

        for (int cpu = 0; cpu < _parts.Length; cpu++)
        {
            if (_parts[cpu].Count != 0 && applies)
                Fill(_kernel.Cpus[cpu], ref _parts[cpu]);

            _parts[cpu].Count = 0;
        }

        for (int at = 0; at < _count; at++)
        {
            if (TryFind(in _slots[at], out Vcpu vcpu))
                vcpu.Scheduling.PlannedTable = null;
        }

        _count = 0;
        if (applies && _closed != ClosedCpus)
            Close();
    }

    /// <summary>A vCPU goes away: its slots are nobody's.</summary>
    internal void Leave(Vcpu vcpu)
    {
        if (vcpu.Scheduling.Table is { } table)
            _changes.ForgetSlots(_kernel.Cpus[table.Cpu], vcpu);
    }

    private bool TryFind(in PolicyAbi.Slot slot, out Vcpu vcpu) => _plan.TryFind(slot.Domain, slot.Vcpu, slot.DomainGeneration, out vcpu);

    private bool IsRemoval(int at) => _slots[at].Length == 0 && _parts[_slots[at].Cpu].Count == 1;

    // The slots of a CPU from a place on: all of that CPU.
    private bool TryBegin(int at)
    {
        uint cpu = _slots[at].Cpu;
        if (cpu >= (uint)_parts.Length || !_kernel.Cpus[cpu].RunsGuests || _parts[cpu].Count != 0)
            return false;

        int end = at + 1;
        while (end < _count && _slots[end].Cpu == cpu)
            end++;

        _parts[cpu].First = at;
        _parts[cpu].Count = end - at;
        return end - at <= CyclicTable.MostSlots;
    }

    private long CheckSlot(in PolicyAbi.Slot slot)
    {
        if (slot.Flags > (PolicyAbi.StrictSlot | PolicyAbi.NobodysSlot) || slot.Length < ShortestSlot || slot.Length > LongestSlot)
            return XenError.EINVAL;

        if ((slot.Flags & PolicyAbi.NobodysSlot) != 0)
            return 0;

        if (!TryFind(in slot, out Vcpu vcpu))
            return XenError.ESRCH;

        SchedulingContext context = vcpu.Scheduling;
        if (context.HasFloor)
            return XenError.EPERM;

        if ((context.Pin & SchedulingContext.MaskOf((int)slot.Cpu)) == 0)
            return XenError.EBUSY;

        // One CPU's table names it at most, also of those that stay.
        CyclicTable table = _kernel.Cpus[slot.Cpu].Schedule.Table;
        bool isElsewhere = context.Table != null && context.Table != table && _parts[context.Table.Cpu].Count == 0;
        if (isElsewhere || (context.PlannedTable != null && context.PlannedTable != table))
            return XenError.EINVAL;

        context.PlannedTable = table;
        return 0;
    }

    private static bool IsOpen(in PolicyAbi.Slot slot) => slot.Flags == PolicyAbi.NobodysSlot;

    private void Measure(int cpu)
    {
        ref Part part = ref _parts[cpu];
        if (part.Count == 0)
            return;

        ulong bit = SchedulingContext.MaskOf(cpu);
        _closed &= ~bit;
        part.NewRemainder = OpenRemainder;
        if (IsRemoval(part.First))
            return;

        ulong open = 0;
        ulong length = 0;
        for (int at = part.First; at < part.First + part.Count; at++)
        {
            length += _slots[at].Length;
            open += IsOpen(in _slots[at]) ? _slots[at].Length : 0;
        }

        bool isClosed = !HasHoles(in part);
        ulong share = open * SchedulingPlan.WholeCpu / length;
        ulong floors = isClosed ? 0 : SchedulingPlan.FloorShare;
        part.NewRemainder = share > floors ? share - floors : 0;
        _closed |= isClosed ? bit : 0;
    }

    // The windows with the least open time begin where an open slot ends.
    private bool HasHoles(in Part part)
    {
        for (int from = 0; from < part.Count; from++)
        {
            ulong open = 0;
            ulong passed = 0;
            for (int at = from; passed < FloorWindow; at = at + 1 < part.Count ? at + 1 : 0)
            {
                ref PolicyAbi.Slot slot = ref _slots[part.First + at];
                ulong length = Math.Min(slot.Length, FloorWindow - passed);
                passed += length;
                open += IsOpen(in slot) ? length : 0;
            }

            if (open < FloorTime)
                return false;
        }

        return true;
    }

    private bool LeavesServices()
    {
        foreach (Domain domain in _kernel.Domains.Slots)
        {
            foreach (Vcpu vcpu in domain.Vcpus)
            {
                if (vcpu.Scheduling.HasFloor && (vcpu.Scheduling.Pin & _plan.GuestCpus & ~_closed) == 0)
                    return false;
            }
        }

        return true;
    }

    private void Empty(PhysicalCpu cpu)
    {
        CyclicTable table = cpu.Schedule.Table;
        for (int slot = 0; slot < table.Count; slot++)
        {
            if (table.ContextOf(slot)?.Owner is Vcpu vcpu)
                _changes.SetTable(vcpu, null);
        }

        _changes.ReplaceTable(cpu, default);
    }

    private void Fill(PhysicalCpu cpu, ref Part part)
    {
        part.Remainder = part.NewRemainder;
        if (IsRemoval(part.First))
            return;

        ReadOnlySpan<PolicyAbi.Slot> slots = new(_slots, part.First, part.Count);
        _changes.ReplaceTable(cpu, slots);
        for (int i = 0; i < slots.Length; i++)
        {
            if ((slots[i].Flags & PolicyAbi.NobodysSlot) == 0 && TryFind(in slots[i], out Vcpu vcpu))
                _changes.SetTable(vcpu, cpu.Schedule.Table);
        }
    }

    private void Close()
    {
        ClosedCpus = _closed;
        foreach (Domain domain in _kernel.Domains.Slots)
        {
            foreach (Vcpu vcpu in domain.Vcpus)
            {
                if (!vcpu.Scheduling.HasFloor)
                    continue;

                SchedulingRules rules = vcpu.Rules;
                rules.Affinity = _plan.OpenCpus;
                _changes.Change(vcpu, in rules);
            }
        }
    }

    // Of a CPU: which of the transaction's slots are its, and what its table leaves to guarantees.
    private struct Part
    {
        public int First;
        public int Count;
        public ulong Remainder;
        public ulong NewRemainder;
    }
}
