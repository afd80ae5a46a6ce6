using System;
using System.Threading;
using System.Threading.Tasks;

namespace Microkernel.Services.Scheduler;

/// <summary>Asks policies, each on a thread of its own, and waits no longer than a time limit.</summary>
public sealed class PolicyRunner
{
    private readonly TimeSpan _limit;

    /// <summary>Makes one.</summary>
    /// <param name="limit">How long a policy may think.</param>
    public PolicyRunner(TimeSpan limit) => _limit = limit;

    /// <summary>A policy did not end in time, and its thread may go on for ever: only a restart of the service gets rid of it.</summary>
    public bool HasRunaway { get; private set; }

    /// <summary>A policy's answer.</summary>
    /// <exception cref="PolicyFailure">It has none, or one that cannot be used.</exception>
    public PolicyPlan Ask(IPolicy policy, PoolView pool)
    {
        Task<PolicyPlan?> answer = Task.Factory.StartNew<PolicyPlan?>(
            () => policy.Plan(pool), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            if (!answer.Wait(_limit))
            {
                HasRunaway = true;
                throw new PolicyFailure($"it did not answer within {_limit.TotalMilliseconds:0} ms");
            }
        }
        catch (AggregateException e) when (e.InnerException is PolicyException refusal)
        {
            throw new PolicyFailure(refusal.Message) { IsRefusal = true };
        }
        catch (AggregateException e)
        {
            throw new PolicyFailure($"it failed: {e.InnerException!.GetType().Name}: {e.InnerException.Message}");
        }

        return PlanCheck.Find(answer.Result, pool) is { } wrong ? throw new PolicyFailure(wrong) : answer.Result!;
    }
}
