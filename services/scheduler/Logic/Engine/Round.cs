using System;
using System.Collections.Generic;
using System.Linq;

namespace Microkernel.Services.Scheduler;

/// <summary>One round: read the core, let the policies answer, have the core apply the difference.</summary>
public sealed class Round
{
    private const int MostAttempts = 5;

    private readonly ISchedulingCore _core;
    private readonly PolicyRunner _runner;
    private readonly EngineOptions _options;
    private readonly Action<string> _say;
    private readonly Changes _changes = new();

    /// <summary>Makes it.</summary>
    public Round(ISchedulingCore core, PolicyRunner runner, EngineOptions options, Action<string> say) =>
        (_core, _runner, _options, _say) = (core, runner, options, say);

    /// <summary>A round at the end of an epoch. A policy that fails is put back to the one before.</summary>
    /// <returns>The setup with the policies' answers, and whether the core's contexts changed.</returns>
    public (Setup Setup, bool HasChanged) Keep(Setup setup, CoreState state, Usage usage)
    {
        Members members = new(setup, state);
        foreach (SchedulingPool pool in setup.Pools)
            setup = setup.With(PlanOrPutBack(pool, setup, members, usage));
        Transaction whole = Join(setup, setup.Pools, members);
        switch (Apply(whole))
        {
            case { Status: ApplyStatus.Applied }:
                return (setup with { Pools = [.. setup.Pools.Select(static p => p with { Refusals = 0 })] }, !whole.IsEmpty);
            case { Status: ApplyStatus.Stale }:
                // The next round comes soon, and computes everything anew.
                return (setup, true);
            case { Reason: string reason } when setup.Pools.Length == 1:
                return (setup.With(Refused(setup.Pools[0], reason)), true);
            default:
                return (ApplyEach(setup), true);
        }
    }

    /// <summary>What the policies of a setup answer; nothing is applied.</summary>
    /// <param name="inForce">The setup that is in force.</param>
    /// <param name="setup">The setup that is asked about.</param>
    /// <param name="state">The core's state.</param>
    /// <param name="usage">What vCPUs did last.</param>
    /// <exception cref="RefusedException">A policy has no answer.</exception>
    public Setup Plan(Setup inForce, Setup setup, CoreState state, Usage usage)
    {
        Setup planned = setup.For(state);
        Members members = new(planned, state);
        foreach (SchedulingPool pool in planned.Pools)
            planned = planned.With(pool with { Plan = Ask(pool, inForce, planned, members, usage) });
        return planned;
    }

    /// <summary>A round in which an operator's wish comes true, or nothing changes.</summary>
    /// <param name="inForce">The setup that is in force.</param>
    /// <param name="wanted">The setup that is wished for.</param>
    /// <param name="usage">What vCPUs did last.</param>
    /// <param name="veto">Why the policies' answers will not do; null if they do.</param>
    /// <exception cref="RefusedException">It cannot be.</exception>
    public Setup Try(Setup inForce, Setup wanted, Usage usage, Func<Setup, string?> veto)
    {
        for (int attempt = 0; attempt < MostAttempts; attempt++)
        {
            CoreState state = _core.Read();
            Setup planned = Plan(inForce, wanted, state, usage);
            if (veto(planned) is { } reason)
                throw new RefusedException(RefusalKind.NotNow, reason);
            ApplyResult result = Apply(Join(planned, planned.Pools, new Members(planned, state)));
            if (result.Status == ApplyStatus.Applied)
                return planned;
            if (result.Status == ApplyStatus.Refused)
                throw new RefusedException(RefusalKind.NotNow, $"the core refuses it: {result.Reason}");
        }

        throw new RefusedException(RefusalKind.TryAgain, "domains came and went all the time meanwhile: try it again");
    }

    private PolicyPlan Ask(SchedulingPool pool, Setup inForce, Setup setup, Members members, Usage usage)
    {
        try
        {
            return _runner.Ask(pool.Policy, Views.Of(pool, setup, members, usage));
        }
        catch (PolicyFailure e)
        {
            // One that has worked until now is put back to the one before it at the end of this epoch.
            bool passes = !e.IsRefusal && inForce.Find(pool.Name)?.Policy == pool.Policy;
            throw new RefusedException(passes ? RefusalKind.TryAgain : RefusalKind.NotNow, $"'{pool.PolicyName}' in pool '{pool.Name}': {e.Message}");
        }
    }

    private SchedulingPool PlanOrPutBack(SchedulingPool pool, Setup setup, Members members, Usage usage)
    {
        try
        {
            return pool with { Plan = _runner.Ask(pool.Policy, Views.Of(pool, setup, members, usage)) };
        }
        catch (PolicyFailure e)
        {
            pool = PutBack(pool, e.Message);
        }

        try
        {
            return pool with { Plan = _runner.Ask(pool.Policy, Views.Of(pool, setup, members, usage)) };
        }
        catch (PolicyFailure e)
        {
            _say($"pool '{pool.Name}': '{pool.PolicyName}' in its place does not answer either: {e.Message}; the contexts in force hold");
            return pool with { Plan = null };
        }
    }

    private SchedulingPool PutBack(SchedulingPool pool, string reason)
    {
        string name = pool.Previous != pool.PolicyName ? pool.Previous : PolicyCatalogue.Default;
        string failure = name == pool.PolicyName
            ? $"'{name}' was begun anew: {reason}"
            : $"'{pool.PolicyName}' was put back to '{name}': {reason}";
        _say($"pool '{pool.Name}': {failure}");
        return pool with
        {
            PolicyName = name,
            Policy = _options.Policies[name](),
            Previous = PolicyCatalogue.Default,
            LastFailure = failure,
            Refusals = 0,
        };
    }

    private SchedulingPool Refused(SchedulingPool pool, string reason)
    {
        _say($"pool '{pool.Name}': the core refuses what '{pool.PolicyName}' wants: {reason}");
        pool = pool with { Refusals = pool.Refusals + 1 };
        return pool.Refusals < _options.MostRefusals ? pool : PutBack(pool, $"the core refused {pool.Refusals} times what it wants, at last: {reason}");
    }

    /// <summary>Each pool by itself: one whose policy is wrong does not hold up the others.</summary>
    private Setup ApplyEach(Setup setup)
    {
        foreach (SchedulingPool pool in setup.Pools)
        {
            Transaction part = Join(setup, [pool], new Members(setup, _core.Read()));
            ApplyResult result = Apply(part);
            setup = setup.With(result.Status == ApplyStatus.Refused ? Refused(pool, result.Reason) : pool with { Refusals = 0 });
        }

        return setup;
    }

    private Transaction Join(Setup setup, IReadOnlyCollection<SchedulingPool> pools, Members members)
    {
        List<Transaction> parts = [.. pools.Where(static p => p.Plan is not null).Select(p => _changes.Of(p, members))];
        return new Transaction(
            members.State.Generation,
            [.. parts.SelectMany(static p => p.Contexts), .. Changes.OfServices(setup, members.State)],
            [.. parts.SelectMany(static p => p.Tables)]);
    }

    private ApplyResult Apply(Transaction transaction)
    {
        if (transaction.IsEmpty)
            return new ApplyResult(ApplyStatus.Applied);
        ApplyResult result = _core.Apply(transaction);
        if (result.Status == ApplyStatus.Applied)
            _changes.Remember(transaction);
        return result;
    }
}
