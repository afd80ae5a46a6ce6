using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;

namespace Microkernel.Services.Scheduler;

/// <summary>
/// Keeps the core's contexts at what the pools' policies say, epoch after epoch, and does what operators wish. What it knows counts only once the
/// core has taken it; operators' decisions are kept for the next incarnation. Any thread may use it.
/// </summary>
public sealed class SchedulerEngine
{
    private readonly Lock _lock = new();
    private readonly ISchedulingCore _core;
    private readonly KeptStore _kept;
    private readonly EngineOptions _options;
    private readonly Action<string> _say;
    private readonly PolicyRunner _runner;
    private readonly Round _round;
    private readonly PoolRules _rules;
    private Setup _setup;
    private CoreState? _before;
    private Usage _usage = new();
    private TimeSpan _epoch;

    /// <summary>Takes over where the last incarnation ended.</summary>
    /// <param name="core">The core.</param>
    /// <param name="kept">What is kept.</param>
    /// <param name="options">How to work.</param>
    /// <param name="say">Writes a line for the operator.</param>
    public SchedulerEngine(ISchedulingCore core, KeptStore kept, EngineOptions options, Action<string> say)
    {
        (_core, _kept, _options, _say, _epoch) = (core, kept, options, say, options.ShortestEpoch);
        _runner = new PolicyRunner(options.TimeLimit);
        _round = new Round(core, _runner, options, say);
        _rules = new PoolRules(core, options.Policies);
        Protos.Scheduler.KeptState? state = kept.Load(out bool isDamaged);
        if (isDamaged)
            say("what was kept of pools and parameters is damaged: everything is as at first");
        CoreState now = core.Read();
        _setup = KeptSetup.ToSetup(state, now.Cpus, options.Policies, say).For(now);
    }

    /// <summary>The policies that there are.</summary>
    public IEnumerable<string> Policies => _options.Policies.Keys;

    /// <summary>A policy runs on without end: the service should be started again, which changes nothing else.</summary>
    public bool HasRunaway => _runner.HasRunaway;

    /// <summary>What is in force.</summary>
    public Setup Current
    {
        get
        {
            lock (_lock)
                return _setup;
        }
    }

    /// <summary>The end of an epoch.</summary>
    /// <returns>The length of the next one.</returns>
    public TimeSpan RunEpoch()
    {
        lock (_lock)
        {
            CoreState state = _core.Read();
            bool isFirst = _before is null;
            _usage = new Usage(_before, state);
            _before = state;
            Setup setup = _setup.For(state);
            _rules.ConfineServices(setup, state);
            if (isFirst)
            {
                // Nobody knows yet what vCPUs do, and what the last incarnation said holds.
                Commit(setup);
                return _epoch;
            }

            (setup, bool hasChanged) = _round.Keep(setup, state, _usage);
            Commit(setup);
            TimeSpan longest = _usage.IsIdle ? _options.LongestEpoch : _options.LongestBusyEpoch;
            TimeSpan next = hasChanged ? _options.ShortestEpoch : _epoch * 2;
            return _epoch = next < longest ? next : longest;
        }
    }

    /// <summary>The core's state now.</summary>
    public CoreState Read() => _core.Read();

    /// <summary>What a CPU's slices were, from a number on.</summary>
    public SliceBatch ReadSlices(uint cpu, ulong first) => _core.ReadSlices(cpu, first);

    /// <summary>Changes the policy of a pool.</summary>
    /// <exception cref="RefusedException">It cannot be: the one in force stays.</exception>
    public void Swap(string poolName, string policy) => Wish((setup, _) =>
    {
        SchedulingPool pool = _rules.Find(setup, poolName);
        _rules.CheckPolicy(policy);
        return setup.With(pool with
        {
            PolicyName = policy,
            Policy = _options.Policies[policy](),
            Previous = pool.PolicyName,
            LastFailure = "",
            Refusals = 0,
        });
    });

    /// <summary>Makes a pool, or gives one other CPUs.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cpus">All its CPUs.</param>
    /// <param name="policy">Its policy; empty for the one that it has, or the default one.</param>
    /// <exception cref="RefusedException">It cannot be.</exception>
    public void SetPool(string name, IReadOnlyList<uint> cpus, string policy) =>
        Wish((setup, state) => _rules.SetPool(setup, state, name, cpus, policy));

    /// <summary>Gives a pool's CPUs back to the default pool.</summary>
    /// <exception cref="RefusedException">It cannot be.</exception>
    public void DeletePool(string name) => Wish((setup, state) => _rules.DeletePool(setup, state, name));

    /// <summary>Changes what an operator wants for a domain.</summary>
    /// <exception cref="RefusedException">It cannot be.</exception>
    public void Change(uint domain, Func<DomainSettings, DomainSettings> change) => Change([domain], (_, settings) => change(settings));

    /// <summary>Changes what operators want for domains, for all of them or none.</summary>
    /// <exception cref="RefusedException">It cannot be.</exception>
    public void Change(IReadOnlyCollection<uint> domains, Func<uint, DomainSettings, DomainSettings> change)
    {
        // Who wants nothing else, for instance a domain that has just come, takes nothing from anybody.
        bool isOther = false;
        Wish(
            (setup, state) =>
            {
                Setup wanted = Merge(setup, state, domains, change);
                isOther = wanted.Settings != setup.Settings;
                return wanted;
            },
            (before, planned) => isOther ? NewMisses(before, planned) : null);
    }

    private static HashSet<Unhonoured> AdmissionMisses(Setup setup) =>
        [.. setup.Pools.SelectMany(static p => p.Plan?.Unhonoured ?? []).Where(static u => u.IsAdmission)];

    /// <summary>What somebody would lose, or does not get, for want of room.</summary>
    private static string? NewMisses(Setup inForce, Setup planned)
    {
        HashSet<Unhonoured> before = AdmissionMisses(inForce);
        Unhonoured[] added = [.. AdmissionMisses(planned).Where(u => !before.Contains(u))];
        return added.Length == 0 ? null : $"domain {added[0].Domain}: {added[0].What}";
    }

    private Setup Merge(Setup setup, CoreState state, IReadOnlyCollection<uint> domains, Func<uint, DomainSettings, DomainSettings> change)
    {
        Dictionary<uint, VcpuRecord> vcpus = state.Vcpus.DistinctBy(static v => v.Key.Domain).ToDictionary(static v => v.Key.Domain);
        var settings = setup.Settings.ToBuilder();
        foreach (uint domain in domains)
        {
            if (!vcpus.TryGetValue(domain, out VcpuRecord? vcpu))
                throw new RefusedException(RefusalKind.NotFound, $"there is no domain {domain}");
            DomainKey key = DomainKey.Of(vcpu.Key);
            DomainSettings wanted = change(domain, setup.Of(key));
            _rules.Check(wanted, vcpu.IsService, setup, state);
            if (wanted == DomainSettings.None)
                settings.Remove(key);
            else
                settings[key] = wanted;
        }

        return setup with { Settings = settings.ToImmutable() };
    }

    private void Wish(Func<Setup, CoreState, Setup> wish, Func<Setup, Setup, string?>? veto = null)
    {
        lock (_lock)
        {
            CoreState state = _core.Read();
            Setup wanted = wish(_setup.For(state), state);
            _rules.ConfineServices(wanted, state);
            try
            {
                // Just begun: what policies could not give before is not known without asking them.
                Setup before = veto is null || _setup.Pools.All(static p => p.Plan is not null) ? _setup : _round.Plan(_setup, _setup, state, _usage);
                Commit(_round.Try(_setup, wanted, _usage, planned => veto?.Invoke(before, planned)));
                // Soon: contexts that no plan covers show what became of them.
                _epoch = _options.ShortestEpoch;
            }
            catch (RefusedException)
            {
                _rules.ConfineServices(_setup, _core.Read());
                throw;
            }
        }
    }

    private void Commit(Setup setup)
    {
        bool isSame = KeptSetup.AreSame(setup, _setup);
        _setup = setup;
        if (!isSame && !_kept.Save(KeptSetup.ToMessage(setup)))
            _say("there is no room to keep all parameters: a restart of this service forgets the last changes");
    }
}
