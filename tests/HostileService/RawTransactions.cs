using System;
using System.Runtime.InteropServices;
using Microkernel.Xen;

namespace Microkernel.HostileService;

/// <summary>apply_scheduling with any words in its records: a policy that means no good does not keep to a library.</summary>
internal sealed class RawTransactions(Privcmd privcmd)
{
    /// <summary>In nanoseconds.</summary>
    internal const ulong Millisecond = 1_000_000;

    /// <summary>Words of a vCPU's record, and of a slot's.</summary>
    internal const int ContextWords = 7, SlotWords = 4;

    /// <summary>Flags of a slot.</summary>
    internal const uint Strict = 1, Nobodys = 2;

    private const uint ApplyScheduling = 12;

    /// <summary>A transaction of whole records.</summary>
    internal long Apply(ulong generation, ReadOnlySpan<ulong> contexts, ReadOnlySpan<ulong> slots)
    {
        int slotsAt = contexts.Length * sizeof(ulong);
        using HypercallBuffer buffer = privcmd.Rent(Math.Max(1, slotsAt + (slots.Length * sizeof(ulong))));
        MemoryMarshal.AsBytes(contexts).CopyTo(buffer.Bytes);
        MemoryMarshal.AsBytes(slots).CopyTo(buffer.Bytes[slotsAt..]);
        return Apply(
            generation, (uint)(contexts.Length / ContextWords), buffer.Address, (uint)(slots.Length / SlotWords), buffer.Address + (ulong)slotsAt);
    }

    /// <summary>A transaction whose records are said to be somewhere.</summary>
    internal long Apply(ulong generation, uint contexts, ulong contextsAt, uint slots, ulong slotsAt, uint flags = 0)
    {
        using HypercallBuffer buffer = privcmd.Rent();
        ReadOnlySpan<ulong> words = [generation, 0, contexts | (ulong)slots << 32, contextsAt, slotsAt, (ulong)flags << 32];
        MemoryMarshal.AsBytes(words).CopyTo(buffer.Bytes);
        return At(buffer.Address);
    }

    /// <summary>A transaction that is said to be somewhere itself.</summary>
    internal long At(ulong address) => privcmd.TryCall(Hypercall.Service, ApplyScheduling, address);

    /// <summary>A vCPU's record.</summary>
    internal static ulong[] Context(VcpuId id, SchedulingRules rules) =>
    [
        id.Domain | (ulong)(uint)id.Vcpu << 32, id.DomainGeneration, rules.Budget, rules.Period, rules.Limit, rules.Weight | (ulong)rules.Band << 32,
        rules.Affinity,
    ];

    /// <summary>A slot of a vCPU, or, with null, of nobody in particular.</summary>
    internal static ulong[] Slot(uint cpu, VcpuId? vcpu, ulong length, uint flags = 0) =>
    [
        cpu | (ulong)flags << 32, vcpu is { } id ? id.Domain | (ulong)(uint)id.Vcpu << 32 : 0, vcpu?.DomainGeneration ?? 0, length,
    ];

    /// <summary>Nobody's slot, in which services run.</summary>
    internal static ulong[] Hole(uint cpu, ulong length) => Slot(cpu, null, length, Nobodys);
}
