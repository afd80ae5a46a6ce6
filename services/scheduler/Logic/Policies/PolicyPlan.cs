using System.Collections.Generic;

namespace Microkernel.Services.Scheduler;

/// <summary>A policy's answer.</summary>
public sealed class PolicyPlan
{
    /// <summary>The contexts of all vCPUs of the pool.</summary>
    public Dictionary<VcpuKey, VcpuContext> Contexts { get; } = [];

    /// <summary>Tables by CPU; a CPU that is not there has none.</summary>
    public Dictionary<uint, IReadOnlyList<TableSlot>> Tables { get; } = [];

    /// <summary>What cannot be honoured.</summary>
    public List<Unhonoured> Unhonoured { get; } = [];

    /// <summary>What else there is to say to the operator about this pool.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>Adds something that cannot be honoured.</summary>
    public void Miss(uint domain, string what, bool isAdmission = false) => Unhonoured.Add(new Unhonoured(domain, what, isAdmission));
}
