using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Microkernel.Protos.Scheduler;

namespace Microkernel.Services.Scheduler;

/// <summary>A setup as it is kept.</summary>
public static class KeptSetup
{
    /// <summary>What is kept of a setup.</summary>
    public static KeptState ToMessage(Setup setup) => new()
    {
        Pools =
        {
            setup.Pools.Select(static p => new KeptPool
            {
                Name = p.Name,
                Cpus = { p.Name == SchedulingPool.Default ? [] : p.Cpus },
                Policy = p.PolicyName,
                Previous = p.Previous,
                LastFailure = p.LastFailure,
            }),
        },
        Domains =
        {
            setup.Settings.OrderBy(static s => (s.Key.Domain, s.Key.Generation)).Select(static s => new KeptDomain
            {
                DomainGeneration = s.Key.Generation,
                Parameters = s.Value.ToMessage(s.Key.Domain),
            }),
        },
    };

    /// <summary>What is kept of two setups is the same.</summary>
    public static bool AreSame(Setup one, Setup other) => ReferenceEquals(one.Settings, other.Settings)
        && one.Pools.SequenceEqual(other.Pools, EqualityComparer<SchedulingPool>.Create(static (a, b) =>
            (a!.Name, a.PolicyName, a.Previous, a.LastFailure) == (b!.Name, b.PolicyName, b.Previous, b.LastFailure) && a.Cpus.SequenceEqual(b.Cpus)));

    /// <summary>The setup of what was kept, or the one to begin with. What is impossible in it is left out, and said.</summary>
    /// <param name="kept">What was kept; null for nothing.</param>
    /// <param name="cpus">The CPUs that there are.</param>
    /// <param name="policies">The policies that there are.</param>
    /// <param name="say">Says what was left out.</param>
    public static Setup ToSetup(KeptState? kept, IReadOnlyList<uint> cpus, IReadOnlyDictionary<string, Func<IPolicy>> policies, Action<string> say)
    {
        Setup setup = new([], ImmutableDictionary<DomainKey, DomainSettings>.Empty);
        HashSet<uint> free = [.. cpus];
        KeptPool? first = kept?.Pools.FirstOrDefault(static p => p.Name == SchedulingPool.Default);
        setup = setup.With(Restore(first ?? new KeptPool { Name = SchedulingPool.Default }, [], policies, say));
        foreach (KeptPool pool in kept?.Pools.Where(static p => p.Name != SchedulingPool.Default) ?? [])
        {
            uint[] wanted = [.. pool.Cpus.Distinct()];
            if (wanted.Length == 0 || wanted.Length >= free.Count || !free.IsSupersetOf(wanted) || setup.Find(pool.Name) is not null)
            {
                say($"pool '{pool.Name}' is gone: its CPUs {string.Join(',', wanted)} cannot be a pool any more");
                continue;
            }

            free.ExceptWith(wanted);
            setup = setup.With(Restore(pool, wanted, policies, say));
        }

        return setup with { Settings = RestoreSettings(kept, say) };
    }

    /// <summary>A pool with a new instance of a policy.</summary>
    private static SchedulingPool Restore(KeptPool pool, uint[] cpus, IReadOnlyDictionary<string, Func<IPolicy>> policies, Action<string> say)
    {
        string name = policies.ContainsKey(pool.Policy) ? pool.Policy : PolicyCatalogue.Default;
        if (pool.Policy.Length > 0 && name != pool.Policy)
            say($"pool '{pool.Name}' has '{name}': there is no policy '{pool.Policy}' any more");
        return new SchedulingPool
        {
            Name = pool.Name,
            Cpus = cpus,
            PolicyName = name,
            Policy = policies[name](),
            Previous = policies.ContainsKey(pool.Previous) ? pool.Previous : PolicyCatalogue.Default,
            LastFailure = pool.LastFailure,
        };
    }

    private static ImmutableDictionary<DomainKey, DomainSettings> RestoreSettings(KeptState? kept, Action<string> say)
    {
        var settings = ImmutableDictionary.CreateBuilder<DomainKey, DomainSettings>();
        foreach (KeptDomain domain in kept?.Domains.Where(static d => d.Parameters is not null) ?? [])
        {
            try
            {
                settings[new DomainKey(domain.Parameters.Domain, domain.DomainGeneration)] = DomainSettings.None.Merge(domain.Parameters);
            }
            catch (RefusedException e)
            {
                say($"the parameters of domain {domain.Parameters.Domain} are gone: {e.Message}");
            }
        }

        return settings.ToImmutable();
    }
}
