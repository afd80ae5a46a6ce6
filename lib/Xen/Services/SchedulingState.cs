using System.Collections.Generic;

namespace Microkernel.Xen;

/// <summary>
/// How a vCPU fares. Times are nanoseconds, counts and times rise from the vCPU's creation on: who wants those of a while takes differences.
/// </summary>
/// <param name="Id">Which one.</param>
/// <param name="Cpu">Where it runs or ran last.</param>
/// <param name="Place">What it does.</param>
/// <param name="HasFloor">It is a service's, of which a policy may set the weight alone.</param>
/// <param name="HasSlot">A table names it.</param>
/// <param name="Rules">What is in force.</param>
/// <param name="Effective">The CPUs that it may use, a bit each: affinity, pin and table together.</param>
/// <param name="Pin">The operator's pin.</param>
/// <param name="Ran">How long it ran.</param>
/// <param name="Waited">How long it could have run and did not.</param>
/// <param name="Wakeups">How often it had a reason to run again.</param>
/// <param name="Migrations">How often it ran on another CPU than before.</param>
/// <param name="WorstWait">The longest time from a wake-up to running.</param>
/// <param name="Latency">Counts of wake-ups by that time: below 100 us, 300 us, 1 ms, 3 ms, 10 ms, 30 ms, 100 ms; longer.</param>
public sealed record SchedulingState(
    VcpuId Id, int Cpu, VcpuPlace Place, bool HasFloor, bool HasSlot, SchedulingRules Rules, ulong Effective, ulong Pin,
    ulong Ran, ulong Waited, ulong Wakeups, ulong Migrations, ulong WorstWait, IReadOnlyList<uint> Latency)
{
    /// <summary>Classes of latency.</summary>
    public const int LatencyClasses = 8;
}
