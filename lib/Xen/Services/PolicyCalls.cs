using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Microkernel.Xen;

/// <summary>service_op for a scheduling policy: how vCPUs fare, and how they share the CPUs.</summary>
public sealed class PolicyCalls
{
    /// <summary>The most slices that are read at a time.</summary>
    public const int SlicesAtATime = 128;

    private const int RecordsAtATime = 128;
    private const uint HasFloor = 1, HasSlot = 2;
    private const uint StrictSlot = 1, NobodysSlot = 2;

    private readonly Privcmd _privcmd;

    /// <summary>Makes calls by a device that stays the caller's.</summary>
    public PolicyCalls(Privcmd privcmd) => _privcmd = privcmd;

    /// <summary>Reads the state of all vCPUs. Needs Info; throws <see cref="XenException"/> when the core refuses.</summary>
    public SchedulingSnapshot Read()
    {
        using HypercallBuffer buffer = _privcmd.Rent(RecordsAtATime * Unsafe.SizeOf<ServiceAbi.SchedulingRecord>());
        List<SchedulingState> states = [];
        ulong? generation = null;
        ServiceAbi.SchedulingRead read = new() { Capacity = RecordsAtATime, Buffer = buffer.Address };
        do
        {
            _privcmd.Call("read how vCPUs fare", Hypercall.Service, ServiceAbi.ReadScheduling, ref read);

            // That of the first piece: what has changed since then makes a transaction stale.
            generation ??= read.Generation;
            foreach (ref readonly ServiceAbi.SchedulingRecord record in MemoryMarshal.Cast<byte, ServiceAbi.SchedulingRecord>(buffer.Bytes)[..(int)read.Count])
                states.Add(Describe(in record));
        }
        while (read.First != 0);
        return new SchedulingSnapshot(generation.Value, read.Now, (int)read.Cpus, states);
    }

    /// <summary>
    /// Reads what a CPU's last slices were, at most <see cref="SlicesAtATime"/> of them. The core keeps 2,048 for each CPU, and counts them from
    /// its start. Needs Info; throws <see cref="XenException"/> when the core refuses: there is no such CPU.
    /// </summary>
    /// <param name="cpu">The CPU.</param>
    /// <param name="first">The number of the first one that is wanted.</param>
    public CpuSlices ReadSlices(int cpu, ulong first)
    {
        using HypercallBuffer buffer = _privcmd.Rent(SlicesAtATime * Unsafe.SizeOf<ServiceAbi.SliceRecord>());
        ServiceAbi.SliceRead read = new() { Cpu = (uint)cpu, Capacity = SlicesAtATime, First = first, Buffer = buffer.Address };
        _privcmd.Call("read the slices of a CPU", Hypercall.Service, ServiceAbi.ReadSlices, ref read);
        List<CpuSlice> slices = [];
        foreach (ref readonly ServiceAbi.SliceRecord record in MemoryMarshal.Cast<byte, ServiceAbi.SliceRecord>(buffer.Bytes)[..(int)read.Count])
            slices.Add(new CpuSlice(record.Domain, record.Vcpu, record.Start, record.End, record.Waited, (VcpuPlace)record.Next));
        return new CpuSlices(slices, read.First, read.Lost, read.Now);
    }

    /// <summary>
    /// Changes rules and tables, all or nothing. Needs Control. What the core refuses is in the result: <see cref="ErrorNumber.Stale"/> when
    /// there is a newer generation, <see cref="ErrorNumber.Busy"/> when a CPU has not so much to give,
    /// <see cref="ErrorNumber.NoSuchDomain"/>, <see cref="ErrorNumber.NotPermitted"/> for more than a service's weight,
    /// <see cref="ErrorNumber.Invalid"/>, <see cref="ErrorNumber.TooBig"/> for more records than there can be.
    /// </summary>
    /// <param name="baseGeneration">The generation of the picture on which it was made.</param>
    /// <param name="changes">vCPUs, each once at most; the others stay as they are.</param>
    /// <param name="slots">The new tables of CPUs; those of other CPUs stay.</param>
    public SchedulingResult Apply(ulong baseGeneration, ReadOnlySpan<SchedulingChange> changes, ReadOnlySpan<TableSlot> slots)
    {
        int slotsAt = changes.Length * Unsafe.SizeOf<ServiceAbi.ContextRecord>();
        using HypercallBuffer buffer = _privcmd.Rent(Math.Max(1, slotsAt + (slots.Length * Unsafe.SizeOf<ServiceAbi.SlotRecord>())));
        Span<ServiceAbi.ContextRecord> contexts = MemoryMarshal.Cast<byte, ServiceAbi.ContextRecord>(buffer.Bytes);
        for (int i = 0; i < changes.Length; i++)
            contexts[i] = ToRecord(in changes[i]);
        Span<ServiceAbi.SlotRecord> records = MemoryMarshal.Cast<byte, ServiceAbi.SlotRecord>(buffer.Bytes[slotsAt..]);
        for (int i = 0; i < slots.Length; i++)
            records[i] = ToRecord(in slots[i]);
        return Apply(new ServiceAbi.SchedulingTransaction
        {
            BaseGeneration = baseGeneration,
            Contexts = (uint)changes.Length,
            Slots = (uint)slots.Length,
            ContextArray = buffer.Address,
            SlotArray = buffer.Address + (ulong)slotsAt,
        });
    }

    private SchedulingResult Apply(ServiceAbi.SchedulingTransaction transaction)
    {
        transaction.FailedIndex = uint.MaxValue;
        int error = (int)-_privcmd.TryCall(Hypercall.Service, ServiceAbi.ApplyScheduling, ref transaction);
        int? failed = transaction.FailedIndex != uint.MaxValue ? (int)transaction.FailedIndex : null;
        return new SchedulingResult(error, transaction.Generation, failed);
    }

    private static SchedulingState Describe(in ServiceAbi.SchedulingRecord record) => new(
        new VcpuId((ushort)record.Domain, record.DomainGeneration, (int)record.Vcpu),
        (int)record.Cpu, (VcpuPlace)record.Where, (record.Flags & HasFloor) != 0, (record.Flags & HasSlot) != 0,
        new SchedulingRules(record.Rules.Budget, record.Rules.Period, record.Rules.Limit, record.Rules.Weight, record.Rules.Band, record.Rules.Affinity),
        record.Effective, record.Pin, record.Ran, record.Waited, record.Wakeups, record.Migrations, record.WorstWait,
        ((ReadOnlySpan<uint>)record.Latency).ToArray());

    private static ServiceAbi.ContextRecord ToRecord(in SchedulingChange change) => new()
    {
        Domain = change.Id.Domain,
        Vcpu = (uint)change.Id.Vcpu,
        DomainGeneration = change.Id.DomainGeneration,
        Rules = new ServiceAbi.Rules
        {
            Budget = change.Rules.Budget,
            Period = change.Rules.Period,
            Limit = change.Rules.Limit,
            Weight = change.Rules.Weight,
            Band = change.Rules.Band,
            Affinity = change.Rules.Affinity,
        },
    };

    private static ServiceAbi.SlotRecord ToRecord(in TableSlot slot) => new()
    {
        Cpu = (uint)slot.Cpu,
        Flags = (slot.IsStrict ? StrictSlot : 0) | (slot.Vcpu is null ? NobodysSlot : 0),
        Domain = slot.Vcpu?.Domain ?? 0,
        Vcpu = (uint)(slot.Vcpu?.Vcpu ?? 0),
        DomainGeneration = slot.Vcpu?.DomainGeneration ?? 0,
        Length = slot.Length,
    };
}
