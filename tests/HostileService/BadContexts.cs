using System;
using System.Collections.Generic;
using System.Linq;
using Microkernel.Xen;

namespace Microkernel.HostileService;

/// <summary>What a policy may not say of vCPUs (docs/scheduler-contract.md).</summary>
internal sealed class BadContexts(SchedulingScene scene)
{
    private const ulong Millisecond = RawTransactions.Millisecond;
    private const ulong Negative = unchecked((ulong)-1), LongestPeriod = 10_000 * Millisecond;

    private readonly VcpuId _victim = scene.Guests[0];
    private readonly ulong _cpu = 1UL << (int)scene.FirstCpu;

    /// <summary>Each attempt with the error that it must meet.</summary>
    internal IEnumerable<(string What, int Error, ulong[] Contexts)> All() =>
        [.. Values(), .. Times(), .. Limits(), .. Cpus(), .. Strangers(), .. OfServices(), .. TooMuch()];

    private IEnumerable<(string, int, ulong[])> Values() =>
    [
        Bad("a weight of 0", SchedulingRules.Usual with { Weight = 0 }),
        Bad("a weight of 65536", SchedulingRules.Usual with { Weight = 65536 }),
        Bad("a negative weight", SchedulingRules.Usual with { Weight = uint.MaxValue }),
        Bad("band 4", SchedulingRules.Usual with { Band = 4 }),
        Bad("a negative band", SchedulingRules.Usual with { Band = uint.MaxValue }),
        Bad("a period of 99,999 ns", SchedulingRules.Usual with { Period = 99_999 }),
        Bad("a period of more than 10 s", SchedulingRules.Usual with { Period = LongestPeriod + 1, Limit = Millisecond }),
        Bad("a negative period", SchedulingRules.Usual with { Period = Negative, Limit = Millisecond }),
    ];

    private IEnumerable<(string, int, ulong[])> Times() =>
    [
        Bad("a budget of -1", Budget(Negative, 10 * Millisecond)),
        Bad("the most negative budget", Budget(1UL << 63, 10 * Millisecond)),
        Bad("a budget as negative as its period", Budget(Negative, Negative)),
        Bad("a budget that is more than its period", Budget((10 * Millisecond) + 1, 10 * Millisecond)),
        Bad("a budget whose share wraps around", Budget(1UL << 40, LongestPeriod)),
        Bad("a budget of 9,999 ns", Budget(9_999, 10 * Millisecond)),
        Bad("a budget without a period", Budget(Millisecond, 0)),
        Bad("a budget on no CPU", Budget(Millisecond, 10 * Millisecond) with { Affinity = 0 }),
        Bad("a budget on all CPUs", Budget(Millisecond, 10 * Millisecond) with { Affinity = SchedulingRules.Everywhere }),
    ];

    private IEnumerable<(string, int, ulong[])> Limits() =>
    [
        Bad("a limit of -1", SchedulingRules.Usual with { Limit = Negative, Period = 10 * Millisecond }),
        Bad("a limit that is more than its period", SchedulingRules.Usual with { Limit = (10 * Millisecond) + 1, Period = 10 * Millisecond }),
        Bad("a limit of 9,999 ns", SchedulingRules.Usual with { Limit = 9_999, Period = 10 * Millisecond }),
        Bad("a limit without a period", SchedulingRules.Usual with { Limit = Millisecond }),
        Bad("a budget that is more than the limit", Budget(2 * Millisecond, 10 * Millisecond) with { Limit = Millisecond }),
    ];

    private IEnumerable<(string, int, ulong[])> Cpus() =>
    [
        Bad("no CPU", SchedulingRules.Usual with { Affinity = 0 }),
        Bad("the CPU after the last one", SchedulingRules.Usual with { Affinity = 1UL << (int)scene.CpuCount }),
        Bad("CPU 63", SchedulingRules.Usual with { Affinity = 1UL << 63 }),
        Bad("all CPUs that are not there", SchedulingRules.Usual with { Affinity = ~scene.GuestCpus }),
        Bad("a budget on a CPU that is not there", Budget(Millisecond, 10 * Millisecond) with { Affinity = 1UL << 40 }),
    ];

    private IEnumerable<(string, int, ulong[])> Strangers()
    {
        foreach (int vcpu in new[] { 1, 64, 255, 256, int.MaxValue, -1 })
            yield return Unknown($"vCPU {vcpu} of a guest that has one", Of(_victim with { Vcpu = vcpu }));
        foreach (ushort domain in new ushort[] { 0, 200, 0x7FEF, 0x7FF0, 0x7FF1, 0x7FF4, 0x8000, ushort.MaxValue })
            yield return Unknown($"domain {domain}", Of(_victim with { Domain = domain }));
        foreach (ulong past in new[] { 0x10000UL, 0x8000_0000UL })
        {
            ulong[] words = Of(_victim);
            words[0] |= past;
            yield return Unknown($"domain {words[0]:X} past 16 bits", words);
        }

        foreach (ulong generation in new ulong[] { 0, _victim.DomainGeneration - 1, _victim.DomainGeneration + 1, ulong.MaxValue })
            yield return Unknown($"generation {generation} of a domain", Of(_victim with { DomainGeneration = generation }));
        yield return ("the same vCPU twice", ErrorNumber.Invalid, [.. Of(_victim), .. Of(_victim)]);
    }

    private IEnumerable<(string, int, ulong[])> OfServices() => scene.Services.SelectMany(service => new[]
    {
        Service("a budget", service, Budget(Millisecond, 10 * Millisecond)),
        Service("a limit", service, SchedulingRules.Usual with { Limit = Millisecond, Period = 10 * Millisecond }),
        Service("a band", service, SchedulingRules.Usual with { Band = 3 }),
        Service("one CPU", service, SchedulingRules.Usual with { Affinity = _cpu }),
    });

    // What the victim has already counts for the others.
    private IEnumerable<(string, int, ulong[])> TooMuch()
    {
        yield return Busy("81 % of a CPU", RawTransactions.Context(_victim, Budget(8_100_000, 10 * Millisecond)));
        yield return Busy("all of a CPU", RawTransactions.Context(_victim, Budget(10 * Millisecond, 10 * Millisecond)));
        yield return Busy("all of a CPU in 10 s", RawTransactions.Context(_victim, Budget(LongestPeriod, LongestPeriod)));
        yield return Busy("51 % beside 30 % of another's", RawTransactions.Context(scene.Guests[1], Budget(5_100_000, 10 * Millisecond)));
        yield return Busy("twice 41 %", [.. scene.Guests.Take(2).SelectMany(id => RawTransactions.Context(id, Budget(4_100_000, 10 * Millisecond)))]);
    }

    private static ulong[] Of(VcpuId id) => RawTransactions.Context(id, SchedulingRules.Usual with { Weight = 1 });

    private SchedulingRules Budget(ulong budget, ulong period) => new(budget, period, 0, 256, 3, _cpu);

    private (string, int, ulong[]) Bad(string what, SchedulingRules rules) => (what, ErrorNumber.Invalid, RawTransactions.Context(_victim, rules));

    private static (string, int, ulong[]) Unknown(string what, ulong[] words) => (what, ErrorNumber.NoSuchDomain, words);

    private static (string, int, ulong[]) Service(string what, VcpuId id, SchedulingRules rules) =>
        ($"{what} for the service {id.Domain}", ErrorNumber.NotPermitted, RawTransactions.Context(id, rules));

    private static (string, int, ulong[]) Busy(string what, ulong[] words) => (what, ErrorNumber.Busy, words);
}
