using System.Collections.Generic;
using System.Linq;
using System.Numerics;
using System.Text;
using Microkernel.Xen;

namespace Microkernel.HostileService;

/// <summary>The vCPUs that a hostile policy finds, and what they go by.</summary>
internal sealed class SchedulingScene
{
    private const ulong Millisecond = RawTransactions.Millisecond;
    private const uint ServicesWeight = 4096;

    // 80 %, and what the core rounds away.
    private const double MostPromised = 0.800001;

    private readonly PolicyCalls _policy;

    /// <summary>The vCPUs of guests and of services.</summary>
    internal SchedulingScene(PolicyCalls policy)
    {
        _policy = policy;
        SchedulingSnapshot now = policy.Read();
        Guests = [.. now.Vcpus.Where(static v => !v.HasFloor && v.Place != VcpuPlace.Offline).Select(static v => v.Id).OrderBy(static id => id.Domain)];
        Services = [.. now.Vcpus.Where(static v => v.HasFloor).Select(static v => v.Id)];
        GuestCpus = now.Vcpus.First(v => v.Id == Guests[0]).Effective;
        CpuCount = (uint)now.Cpus;
    }

    /// <summary>Guests' vCPUs, the oldest domain's first.</summary>
    internal IReadOnlyList<VcpuId> Guests { get; }

    /// <summary>Services' vCPUs.</summary>
    internal IReadOnlyList<VcpuId> Services { get; }

    /// <summary>The CPUs that run guests, a bit each.</summary>
    internal ulong GuestCpus { get; }

    /// <summary>All CPUs.</summary>
    internal uint CpuCount { get; }

    /// <summary>The first and the last of the CPUs that run guests.</summary>
    internal uint FirstCpu => (uint)BitOperations.TrailingZeroCount(GuestCpus);

    internal uint LastCpu => (uint)BitOperations.Log2(GuestCpus);

    /// <summary>The generation in force.</summary>
    internal ulong Generation => _policy.Read().Generation;

    /// <summary>Rules that are right, and no two alike: a guarantee, then limits.</summary>
    internal ulong[] RightContexts() =>
    [
        .. Services.SelectMany(static id => RawTransactions.Context(id, SchedulingRules.Usual with { Weight = ServicesWeight })),
        .. Guests.SelectMany((id, i) => RawTransactions.Context(id, i == 0
            ? new SchedulingRules(3 * Millisecond, 10 * Millisecond, 0, 300, 1, 1UL << (int)FirstCpu)
            : new SchedulingRules(0, 10 * Millisecond, 8 * Millisecond, (uint)(700 + i), 0, SchedulingRules.Everywhere))),
    ];

    /// <summary>No CPU has a table.</summary>
    internal ulong[] NoTables() =>
        [.. Enumerable.Range(0, (int)CpuCount).Where(cpu => (GuestCpus >> cpu & 1) != 0).SelectMany(static cpu => RawTransactions.Slot((uint)cpu, null, 0))];

    /// <summary>All that a policy can change, in words.</summary>
    internal string Picture() => Describe(_policy.Read().Vcpus);

    /// <summary>The same of guests only: services may have been started again since.</summary>
    internal string PictureOfGuests() => Describe(_policy.Read().Vcpus.Where(static v => !v.HasFloor));

    /// <summary>How long each guest's vCPU ran, and the time.</summary>
    internal (ulong Now, IReadOnlyList<ulong> Ran) Progress()
    {
        SchedulingSnapshot now = _policy.Read();
        return (now.Now, [.. Guests.Select(id => now.Vcpus.Where(v => v.Id == id).Select(static v => v.Ran).FirstOrDefault())]);
    }

    /// <summary>What holds of all transactions that the core has taken: services keep their floors, and guarantees can be kept.</summary>
    internal bool IsSound()
    {
        double[] promised = new double[64];
        foreach (SchedulingState vcpu in _policy.Read().Vcpus)
        {
            SchedulingRules r = vcpu.Rules;
            bool isInRange = r.Weight is >= 1 and <= ushort.MaxValue && r.Band <= 3 && r.Budget <= r.Period && r.Limit <= r.Period
                && (r.Limit == 0 || r.Budget <= r.Limit) && (vcpu.Effective & ~GuestCpus) == 0 && vcpu.Effective != 0;
            if (!isInRange || vcpu.HasFloor != Services.Contains(vcpu.Id) || (vcpu.HasFloor && (r.Budget | r.Limit | r.Band) != 0))
                return false;
            if (r.Budget != 0)
                promised[BitOperations.TrailingZeroCount(r.Affinity)] += (double)r.Budget / r.Period;
        }

        return promised.All(static share => share <= MostPromised);
    }

    private static string Describe(IEnumerable<SchedulingState> vcpus) => string.Join('\n', vcpus.Select(static v =>
        new StringBuilder().Append(v.Id).Append(v.Rules).Append(v.Effective).Append(' ').Append(v.Pin).Append(v.HasFloor).Append(v.HasSlot)));
}
