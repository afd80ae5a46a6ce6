using System;
using System.Collections.Generic;
using System.Linq;
using Microkernel.Xen;

namespace Microkernel.HostileService;

/// <summary>What a policy may not say of the tables of CPUs (docs/scheduler-contract.md).</summary>
internal sealed class BadTables(SchedulingScene scene)
{
    private const ulong Millisecond = RawTransactions.Millisecond;
    private const int MostSlots = 64;

    private readonly VcpuId _one = scene.Guests[0], _two = scene.Guests[1];
    private readonly uint _first = scene.FirstCpu, _last = scene.LastCpu;

    /// <summary>Each attempt with the error that it must meet.</summary>
    internal IEnumerable<(string What, int Error, ulong[] Slots)> All() => [.. Cpus(), .. Lengths(), .. Owners(), .. Floors()];

    /// <summary>A table that is right, and leaves services no time on the last CPU.</summary>
    internal ulong[] ClosesLastCpu() => [.. Mine(_last, 9), .. Hole(_last, 1)];

    /// <summary>With that one in force it would close the last CPU but one.</summary>
    internal ulong[] ClosesTheOther() => [.. RawTransactions.Slot(_first, _one, 9 * Millisecond), .. Hole(_first, 1)];

    private IEnumerable<(string, int, ulong[])> Cpus() =>
    [
        Bad("a table of the CPU after the last one", Hole(scene.CpuCount, 5)),
        Bad("a table of CPU 63", Hole(63, 5)),
        Bad("a table of CPU 4294967295", Hole(uint.MaxValue, 5)),
        Bad("two tables of a CPU, one over the other", [.. Hole(_first, 5), .. Hole(_last, 5), .. Hole(_first, 5)]),
        Bad("65 slots of a CPU", [.. Enumerable.Repeat(Hole(_first, 1), MostSlots + 1).SelectMany(static s => s)]),
    ];

    private IEnumerable<(string, int, ulong[])> Lengths() =>
    [
        Bad("a slot of no length among others", [.. Hole(_first, 5), .. Hole(_first, 0)]),
        Bad("slots of no length only", [.. Hole(_first, 0), .. Hole(_first, 0)]),
        Bad("a slot of 99,999 ns", RawTransactions.Slot(_first, null, 99_999, RawTransactions.Nobodys)),
        Bad("a slot of more than 10 s", RawTransactions.Slot(_first, null, (10_000 * Millisecond) + 1, RawTransactions.Nobodys)),
        Bad("a slot of negative length", RawTransactions.Slot(_first, _one, unchecked((ulong)-1))),
        Bad("slots whose lengths wrap around", [.. Hole(_first, 5), .. RawTransactions.Slot(_first, _one, 1UL << 63), .. RawTransactions.Slot(_first, _one, 1UL << 63)]),
        Bad("a flag that is not there", RawTransactions.Slot(_first, null, 5 * Millisecond, 4)),
        Bad("all flags", RawTransactions.Slot(_first, null, 5 * Millisecond, uint.MaxValue)),
    ];

    private IEnumerable<(string, int, ulong[])> Owners()
    {
        foreach (VcpuId id in new[]
        {
            _two with { Vcpu = 7 }, _two with { Vcpu = -1 }, _two with { Domain = 77 }, _two with { Domain = ushort.MaxValue },
            _two with { DomainGeneration = _two.DomainGeneration + 1 },
        })
            yield return ($"a slot of {id}", ErrorNumber.NoSuchDomain, [.. RawTransactions.Slot(_last, id, 5 * Millisecond), .. Hole(_last, 5)]);
        foreach (VcpuId id in scene.Services)
            yield return ($"a slot of the service {id.Domain}", ErrorNumber.NotPermitted, [.. RawTransactions.Slot(_last, id, 5 * Millisecond), .. Hole(_last, 5)]);
        yield return Bad("a vCPU in the tables of two CPUs", [.. Mine(_first, 5), .. Hole(_first, 5), .. Mine(_last, 5), .. Hole(_last, 5)]);
    }

    private IEnumerable<(string, int, ulong[])> Floors() =>
    [
        Busy("tables that are full, on all CPUs", static _ => []),
        Busy("holes of 1 ms in 10, on all CPUs", static cpu => Hole(cpu, 1)),
        Busy("holes that nobody may use, on all CPUs", static cpu => RawTransactions.Slot(cpu, null, 5 * Millisecond, RawTransactions.Strict | RawTransactions.Nobodys)),
        Busy("holes that are enough in 20 ms and not in 10, on all CPUs", cpu => [.. Mine(cpu, 9, Owner(cpu)), .. Hole(cpu, 4)]),
        ("a table over what is guaranteed", ErrorNumber.Busy, [.. Mine(_first, 6), .. Hole(_first, 4)]),
    ];

    private static ulong[] Hole(uint cpu, ulong milliseconds) => RawTransactions.Hole(cpu, milliseconds * Millisecond);

    private ulong[] Mine(uint cpu, ulong milliseconds, VcpuId? owner = null) =>
        RawTransactions.Slot(cpu, owner ?? _two, milliseconds * Millisecond, RawTransactions.Strict);

    private VcpuId Owner(uint cpu) => cpu == _first ? _one : _two;

    private static (string, int, ulong[]) Bad(string what, ulong[] slots) => (what, ErrorNumber.Invalid, slots);

    private (string, int, ulong[]) Busy(string what, Func<uint, ulong[]> rest) => (what, ErrorNumber.Busy,
    [
        .. new[] { _first, _last }.Distinct().SelectMany(cpu => (ulong[])[.. Mine(cpu, 9, Owner(cpu)), .. rest(cpu)]),
    ]);
}
