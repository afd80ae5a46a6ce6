using System.Collections.Generic;
using System.Linq;

namespace Microkernel.Services.Scheduler;

/// <summary>What vCPUs did between two looks at the core.</summary>
public sealed class Usage
{
    private const double Little = 0.01;

    private readonly Dictionary<VcpuKey, VcpuRecord> _before = [];
    private readonly Dictionary<VcpuKey, VcpuRecord> _now = [];

    /// <summary>Nothing is known yet.</summary>
    public Usage()
    {
    }

    /// <summary>Between two states of the core.</summary>
    public Usage(CoreState? before, CoreState now)
    {
        if (before is null || now.NowNs <= before.NowNs)
            return;
        ElapsedNs = now.NowNs - before.NowNs;
        _before = before.Vcpus.ToDictionary(static v => v.Key);
        _now = now.Vcpus.ToDictionary(static v => v.Key);
    }

    /// <summary>The time between them, in ns.</summary>
    public ulong ElapsedNs { get; }

    /// <summary>No guest did anything worth mentioning.</summary>
    public bool IsIdle => _now.Values.All(v => v.IsService || Of(v.Key).Ran < ElapsedNs * Little);

    /// <summary>What a vCPU did: its time on CPUs, its time waiting for one, and how often it woke up.</summary>
    public (ulong Ran, ulong Waited, ulong Wakeups) Of(VcpuKey vcpu)
    {
        if (!_before.TryGetValue(vcpu, out VcpuRecord? before) || !_now.TryGetValue(vcpu, out VcpuRecord? now))
            return default;
        return (now.RanNs - before.RanNs, now.WaitedNs - before.WaitedNs, now.Wakeups - before.Wakeups);
    }
}
