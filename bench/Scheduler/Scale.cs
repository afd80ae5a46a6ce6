using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;

namespace Microkernel.Services.Scheduler.Simulation;

/// <summary>How the cost of decisions and of epochs grows with the machine.</summary>
internal static class Scale
{
    private const int VcpusPerDomain = 4;
    private const ulong Measured = Machine.Second / 2;

    private static readonly (int Cpus, int Vcpus)[] s_sizes =
        [(1, 4), (1, 16), (1, 128), (4, 50), (16, 200), (64, 800), (256, 3_125), (1_024, 12_500), (4_096, 50_000)];

    /// <summary>Measures all sizes, prints a row for each, and draws them.</summary>
    /// <param name="picture">Where to write the picture; null for none.</param>
    internal static void Run(string? picture)
    {
        Console.WriteLine("  CPUs   vCPUs  decisions   us/decision  waits p95 ms   epoch ms  us/vCPU and epoch  changes");
        List<ScaleRow> rows = [];
        foreach ((int cpus, int vcpus) in s_sizes)
        {
            ScaleRow row = Measure(cpus, vcpus);
            rows.Add(row);
            Console.WriteLine(FormattableString.Invariant(
                $"{row.Cpus,6} {row.Vcpus,7} {row.Decisions,10} {row.DecisionUs,13:0.00} {row.WaitMs,13:0.0} {row.EpochMs,10:0.00} {row.EpochMs * 1000 / row.Vcpus,18:0.00} {row.Changes,8}"));
        }

        if (picture is null)
            return;
        File.WriteAllText(picture, ScalePlot.Draw(rows));
        Console.WriteLine(picture);
    }

    private static ScaleRow Measure(int cpus, int vcpus)
    {
        int nodes = Math.Max(1, cpus / SimCpu.PerNode);
        var machine = new Machine(cpus, (vcpus / nodes) + VcpusPerDomain + 1);
        var core = new SimulatedCore(machine);
        Fill(machine, vcpus, nodes);
        core.Changed();
        var engine = new SchedulerEngine(
            core, new KeptStore(new ArrayKeptMemory(64 << 20)), new EngineOptions { TimeLimit = Timeout.InfiniteTimeSpan }, Console.Error.WriteLine);
        for (int node = 1; node < nodes; node++)
            engine.SetPool($"node{node}", [.. Enumerable.Range(node * SimCpu.PerNode, SimCpu.PerNode).Select(static cpu => (uint)cpu)], "");
        Move(engine, machine, nodes);
        engine.RunEpoch();
        machine.Run(machine.Now + (Machine.Second / 10));
        engine.RunEpoch();
        long decisions = machine.Decisions, start = Stopwatch.GetTimestamp();
        machine.Run(machine.Now + Measured);
        double spent = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        decisions = machine.Decisions - decisions;
        int before = core.Changes;
        start = Stopwatch.GetTimestamp();
        engine.RunEpoch();
        double epoch = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        double wait = machine.Vcpus.Values.Max(static v => v.Latencies.Percentile(0.95)) / Machine.Millisecond;
        return new ScaleRow(cpus, machine.Vcpus.Count, decisions, spent / decisions, wait, epoch, core.Changes - before);
    }

    /// <summary>Half of the vCPUs compute, the others wait for somebody most of the time.</summary>
    private static void Fill(Machine machine, int vcpus, int nodes)
    {
        for (int i = 0; i < vcpus; i++)
        {
            int domain = i / VcpusPerDomain, node = domain % nodes, inNode = Math.Min(SimCpu.PerNode, machine.Cpus.Count);
            Behaviour behaviour = domain % 2 == 0
                ? new Busy()
                : new Bursty(new Random(i), Machine.Millisecond, 50 * Machine.Millisecond);
            machine.Add(new VcpuKey((uint)domain + 1, 1, (uint)(i % VcpusPerDomain)), behaviour, (node * SimCpu.PerNode) + (i % inNode), delay: (ulong)i * 1000);
        }
    }

    /// <summary>Each domain to the pool of its node, a node at a time.</summary>
    private static void Move(SchedulerEngine engine, Machine machine, int nodes)
    {
        if (nodes > 1)
        {
            engine.Change([.. machine.Vcpus.Keys.Select(static v => v.Domain).Distinct()], (domain, settings) =>
                settings with { Weight = 256 + (domain % 256), Pool = PoolOf((int)(domain - 1) % nodes) });
        }
    }

    private static string PoolOf(int node) => node == 0 ? SchedulingPool.Default : $"node{node}";
}
