using System;
using System.Collections.Generic;
using System.Linq;

namespace Microkernel.Services.Scheduler;

/// <summary>What pools and settings may be.</summary>
public sealed class PoolRules
{
    private const int LongestName = 31;

    private readonly ISchedulingCore _core;
    private readonly IReadOnlyDictionary<string, Func<IPolicy>> _policies;
    private bool _isConfined;

    /// <summary>Makes them.</summary>
    public PoolRules(ISchedulingCore core, IReadOnlyDictionary<string, Func<IPolicy>> policies) => (_core, _policies) = (core, policies);

    /// <summary>A pool by its name, which may be empty for the default one.</summary>
    public SchedulingPool Find(Setup setup, string name) => setup.Find(name.Length > 0 ? name : SchedulingPool.Default)
        ?? throw new RefusedException(RefusalKind.NotFound, $"there is no pool '{name}'; there are {Names(setup.Pools.Select(static p => p.Name))}");

    /// <summary>Refuses the name of a policy that there is not.</summary>
    public void CheckPolicy(string name)
    {
        if (!_policies.ContainsKey(name))
            throw new RefusedException(RefusalKind.NotFound, $"there is no policy '{name}'; there are {Names(_policies.Keys)}");
    }

    /// <summary>A setup with another pool, or with a pool that has other CPUs.</summary>
    public Setup SetPool(Setup setup, CoreState state, string name, IReadOnlyList<uint> cpus, string policy)
    {
        SchedulingPool? before = setup.Find(name);
        string policyName = policy.Length > 0 ? policy : before?.PolicyName ?? PolicyCatalogue.Default;
        CheckPolicy(policyName);
        CheckCpus(setup, state, name, cpus);
        SchedulingPool pool = before ?? new SchedulingPool { Name = name, PolicyName = policyName, Policy = _policies[policyName](), Previous = policyName };
        if (pool.PolicyName != policyName)
            pool = pool with { PolicyName = policyName, Policy = _policies[policyName](), Previous = pool.PolicyName, LastFailure = "", Refusals = 0 };
        return setup.With(pool with { Cpus = [.. cpus.Distinct().Order()] }).For(state);
    }

    /// <summary>A setup without a pool.</summary>
    public Setup DeletePool(Setup setup, CoreState state, string name)
    {
        SchedulingPool pool = Find(setup, name);
        if (pool.Name == SchedulingPool.Default)
            throw new RefusedException(RefusalKind.NotNow, $"the pool '{SchedulingPool.Default}' cannot go: it has the services");
        uint[] domains = [.. setup.Settings.Where(s => s.Value.Pool == pool.Name).Select(static s => s.Key.Domain).Order()];
        if (domains.Length > 0)
            throw new RefusedException(RefusalKind.NotNow, $"domains {string.Join(", ", domains)} are in pool '{name}': move them first (mk sched set -d GUEST --pool {SchedulingPool.Default})");
        return (setup with { Pools = setup.Pools.Remove(pool) }).For(state);
    }

    /// <summary>Refuses settings that cannot be.</summary>
    public void Check(DomainSettings wanted, bool isService, Setup setup, CoreState state)
    {
        if (isService && wanted != DomainSettings.None with { Weight = wanted.Weight })
            throw new RefusedException(RefusalKind.NotNow, "it is a service, which has a floor: nothing but its weight can be set");
        SchedulingPool pool = Find(setup, wanted.Pool);
        uint most = 100 * (uint)state.Cpus.Count;
        if (wanted.Cap > most)
            throw new RefusedException(RefusalKind.Invalid, $"a cap of {wanted.Cap}: it is in percent of a CPU, at most {most} here, and 0 for none");
        if (wanted.Pin != 0 && (wanted.Pin & pool.Mask) == 0)
            throw new RefusedException(RefusalKind.NotNow, $"it would be pinned to no CPU of pool '{pool.Name}', which has {string.Join(',', pool.Cpus)}");
    }

    /// <summary>Where there are other pools, services stay on the default pool's CPUs; otherwise they may run anywhere.</summary>
    public void ConfineServices(Setup setup, CoreState state)
    {
        bool mustConfine = setup.Pools.Length > 1;
        if (!mustConfine && !_isConfined)
            return;
        ulong all = CpuBits.Of(state.Cpus), mask = mustConfine ? setup.Pools[0].Mask : all;
        foreach (VcpuRecord vcpu in state.Vcpus)
        {
            if (vcpu.IsService && (vcpu.Pin & all) != mask)
                _core.Pin(vcpu.Key.Domain, vcpu.Key.Vcpu, mask);
        }

        _isConfined = mustConfine;
    }

    private static void CheckCpus(Setup setup, CoreState state, string name, IReadOnlyList<uint> cpus)
    {
        if (name == SchedulingPool.Default)
            throw new RefusedException(RefusalKind.NotNow, $"the pool '{SchedulingPool.Default}' has the CPUs that no other pool has: change the others");
        if (name.Length is 0 or > LongestName || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-'))
            throw new RefusedException(RefusalKind.Invalid, $"a pool's name is 1 to {LongestName} of letters, digits, '.', '_' and '-'");
        if (cpus.Count == 0)
            throw new RefusedException(RefusalKind.Invalid, "a pool needs a CPU");
        foreach (uint cpu in cpus)
        {
            if (!state.Cpus.Contains(cpu))
                throw new RefusedException(RefusalKind.NotFound, $"no guest can run on a CPU {cpu}; there are {string.Join(',', state.Cpus)}");
            if (setup.Pools.FirstOrDefault(p => p.Name != name && p.Name != SchedulingPool.Default && p.Cpus.Contains(cpu)) is { } other)
                throw new RefusedException(RefusalKind.NotNow, $"CPU {cpu} is in pool '{other.Name}'");
        }

        if (setup.Pools[0].Cpus.All(cpu => cpus.Contains(cpu)))
            throw new RefusedException(RefusalKind.NotNow, $"a CPU must be left to the pool '{SchedulingPool.Default}': it has the services");
    }

    private static string Names(IEnumerable<string> names) => string.Join(", ", names);
}
