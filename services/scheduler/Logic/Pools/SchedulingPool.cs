using System.Collections.Generic;

namespace Microkernel.Services.Scheduler;

/// <summary>CPUs that have a policy of their own.</summary>
public sealed record SchedulingPool
{
    /// <summary>The pool that has the CPUs which no other has, and the services.</summary>
    public const string Default = "default";

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its CPUs. The default pool's are those that are left.</summary>
    public IReadOnlyList<uint> Cpus { get; init; } = [];

    /// <summary>The name of the policy in force.</summary>
    public required string PolicyName { get; init; }

    /// <summary>The policy in force.</summary>
    public required IPolicy Policy { get; init; }

    /// <summary>The policy to which the pool goes back when the present one fails.</summary>
    public required string Previous { get; init; }

    /// <summary>What became of the last policy that failed; empty if none did.</summary>
    public string LastFailure { get; init; } = "";

    /// <summary>How often the core has refused what the policy wants, one after the other.</summary>
    public int Refusals { get; init; }

    /// <summary>The policy's last answer; null before the first, and if it gave none.</summary>
    public PolicyPlan? Plan { get; init; }

    /// <summary>The bits of its CPUs.</summary>
    public ulong Mask => CpuBits.Of(Cpus);
}
