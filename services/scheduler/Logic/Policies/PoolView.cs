using System.Collections.Generic;
using System.Linq;

namespace Microkernel.Services.Scheduler;

/// <summary>What a policy sees: one pool at the end of an epoch.</summary>
public sealed record PoolView
{
    /// <summary>The part of a CPU that is kept for services that have a floor there; the core admits no budgets beyond the rest.</summary>
    public const double FloorShare = 0.20;

    /// <summary>The part of a CPU that policies leave to those without a reservation, so that none of them starves.</summary>
    public const double SlackShare = 0.05;

    /// <summary>The part of a CPU that policies promise without having been asked; what is beyond it is for operators.</summary>
    public const double UnaskedShare = 1 - FloorShare - SlackShare;

    /// <summary>The pool's name.</summary>
    public string Name { get; init; } = SchedulingPool.Default;

    /// <summary>The pool's CPUs, at least one.</summary>
    public required IReadOnlyList<uint> Cpus { get; init; }

    /// <summary>Services may run on these CPUs, and have a floor there.</summary>
    public bool HasFloors { get; init; }

    /// <summary>The length of the epoch that is over, in ns; 0 if there was none.</summary>
    public ulong ElapsedNs { get; init; }

    /// <summary>The pool's domains by their number, no services among them.</summary>
    public required IReadOnlyList<DomainView> Domains { get; init; }

    /// <summary>The part of each CPU that can be reserved.</summary>
    public double ReservableShare => 1 - SlackShare - (HasFloors ? FloorShare : 0);

    /// <summary>All vCPUs.</summary>
    public IEnumerable<VcpuView> Vcpus => Domains.SelectMany(static d => d.Vcpus);

    /// <summary>The bits of all CPUs.</summary>
    public ulong Mask => CpuBits.Of(Cpus);
}
