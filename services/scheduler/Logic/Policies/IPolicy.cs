namespace Microkernel.Services.Scheduler;

/// <summary>
/// A scheduling policy of a pool: what the dispatcher is to go by, computed from what the domains' operators want and from what their vCPUs
/// did. It is asked at the end of each epoch and when something was changed. An instance serves one pool and may remember things between
/// two questions; a new one must manage without. docs/writing-a-policy.md shows how to write one.
/// </summary>
public interface IPolicy
{
    /// <summary>Contexts for every vCPU of the pool, and tables.</summary>
    /// <exception cref="PolicyException">The policy cannot run in this pool.</exception>
    PolicyPlan Plan(PoolView pool);
}
