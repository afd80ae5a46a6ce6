using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;

namespace Microkernel.Services.Scheduler;

/// <summary>All that operators have decided. It never changes: a change makes another one, which counts once the core has taken it.</summary>
/// <param name="Pools">The default pool first.</param>
/// <param name="Settings">By the life of a domain.</param>
public sealed record Setup(ImmutableArray<SchedulingPool> Pools, ImmutableDictionary<DomainKey, DomainSettings> Settings)
{
    /// <summary>A domain's settings.</summary>
    public DomainSettings Of(DomainKey domain) => Settings.GetValueOrDefault(domain, DomainSettings.None);

    /// <summary>A pool by its name; null if there is none.</summary>
    public SchedulingPool? Find(string name) => Pools.FirstOrDefault(p => p.Name == name);

    /// <summary>Another pool in the place of the one of that name, or at the end.</summary>
    public Setup With(SchedulingPool pool)
    {
        int at = Pools.IndexOf(Find(pool.Name)!);
        return this with { Pools = at < 0 ? Pools.Add(pool) : Pools.SetItem(at, pool) };
    }

    /// <summary>The same for the domains and CPUs that there are: others are forgotten, and CPUs of no pool are the default pool's.</summary>
    public Setup For(CoreState state)
    {
        HashSet<DomainKey> alive = [.. state.Vcpus.Select(static v => DomainKey.Of(v.Key))];
        ImmutableDictionary<DomainKey, DomainSettings> settings = Settings;
        foreach ((DomainKey domain, DomainSettings wanted) in Settings)
        {
            if (!alive.Contains(domain))
                settings = settings.Remove(domain);
            else if (Find(wanted.Pool) is null)
                settings = settings.SetItem(domain, wanted with { Pool = SchedulingPool.Default });
        }

        uint[] left = [.. state.Cpus.Except(Pools.Where(static p => p.Name != SchedulingPool.Default).SelectMany(static p => p.Cpus))];
        Setup found = this with { Settings = settings };
        return left.AsSpan().SequenceEqual([.. Pools[0].Cpus]) ? found : found.With(Pools[0] with { Cpus = left });
    }
}
