using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;

namespace Microkernel.Services.Scheduler.Simulation;

/// <summary>How the cost of decisions and of epochs grows with the machine, for every policy.</summary>
internal static class Scale
{
    private const int VcpusPerDomain = 4, Epochs = 5, DomainsPerReservation = 16;

    // Small machines are simulated for longer, as they decide seldom.
    private const ulong LongestEpoch = 4 * Machine.Second, ShortestEpoch = Machine.Second / 10, CpuTime = 16 * Machine.Second;

    private static readonly (int Cpus, int Vcpus)[] s_sizes =
        [(1, 4), (1, 16), (1, 128), (4, 50), (16, 200), (64, 800), (256, 3_125), (1_024, 12_500), (4_096, 50_000)];

    private static readonly string[] s_policies = [.. PolicyCatalogue.All.Keys];

    /// <summary>Measures all sizes under all policies, prints a table of decisions and one of epochs, and draws them.</summary>
    /// <param name="picture">Where to write the picture; null for none.</param>
    internal static void Run(string? picture)
    {
        List<ScaleRow> rows = [];
        foreach (string policy in s_policies)
        {
            // The first one pays for the compiler.
            Measure(policy, 4, 50);
            foreach ((int cpus, int vcpus) in s_sizes)
            {
                rows.Add(Measure(policy, cpus, vcpus));
                Console.Error.WriteLine(rows[^1]);
            }
        }

        Print("decisions, us each", rows, static row => row.DecisionUs);
        Print("an epoch, ms", rows, static row => row.EpochMs);
        if (picture is null)
            return;
        File.WriteAllText(picture, ScalePlot.Draw(rows));
        Console.WriteLine(picture);
    }

    private static void Print(string what, List<ScaleRow> rows, Func<ScaleRow, double> value)
    {
        Console.WriteLine($"| {what}: CPUs | vCPUs | {string.Join(" | ", s_policies)} |");
        Console.WriteLine(string.Concat(Enumerable.Repeat("|---", s_policies.Length + 2)) + "|");
        foreach (IGrouping<(int Cpus, int Vcpus), ScaleRow> size in rows.GroupBy(static row => (row.Cpus, row.Vcpus)))
        {
            IEnumerable<string> values = size.Select(row => value(row).ToString("0.00", CultureInfo.InvariantCulture));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {size.Key.Cpus:#,0} | {size.Key.Vcpus:#,0} | {string.Join(" | ", values)} |"));
        }

        Console.WriteLine();
    }

    private static ScaleRow Measure(string policy, int cpus, int vcpus)
    {
        int nodes = Math.Max(1, cpus / SimCpu.PerNode);
        var machine = new Machine(cpus, (vcpus / nodes) + VcpusPerDomain + 1);
        var core = new SimulatedCore(machine);
        SchedulerEngine engine = Start(core, policy, nodes);
        Fill(machine, vcpus, nodes);
        core.Changed();
        engine.Change([.. machine.Vcpus.Keys.Select(static v => v.Domain).Distinct()], (domain, settings) => SettingsOf(domain, settings, nodes));
        ulong length = Math.Clamp(CpuTime / (ulong)cpus, ShortestEpoch, LongestEpoch);
        engine.RunEpoch();
        machine.Run(machine.Now + length);
        engine.RunEpoch();
        long decisions = machine.Decisions;
        int before = core.Changes;
        double spent = 0;
        List<double> epochs = [];
        for (int i = 0; i < Epochs; i++)
        {
            spent += Time(() => machine.Run(machine.Now + length)).TotalMicroseconds;
            epochs.Add(Time(() => engine.RunEpoch()).TotalMilliseconds);
        }

        epochs.Sort();
        decisions = machine.Decisions - decisions;
        return new ScaleRow(policy, cpus, machine.Vcpus.Count, decisions, spent / decisions, epochs[Epochs / 2], (core.Changes - before) / Epochs);
    }

    /// <summary>What all threads spent on a CPU: other work on the machine takes nothing from it.</summary>
    private static TimeSpan Time(Action action)
    {
        TimeSpan start = Environment.CpuUsage.TotalTime;
        action();
        return Environment.CpuUsage.TotalTime - start;
    }

    /// <summary>A pool of CPUs for each node.</summary>
    private static SchedulerEngine Start(SimulatedCore core, string policy, int nodes)
    {
        var options = new EngineOptions { TimeLimit = Timeout.InfiniteTimeSpan };
        var engine = new SchedulerEngine(core, new KeptStore(new ArrayKeptMemory(64 << 20)), options, Console.Error.WriteLine);
        for (int node = 1; node < nodes; node++)
            engine.SetPool(PoolOf(node), [.. Enumerable.Range(node * SimCpu.PerNode, SimCpu.PerNode).Select(static cpu => (uint)cpu)], policy);
        engine.Swap("", policy);
        return engine;
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

    /// <summary>Different weights, and now and then 2 % of a CPU for each vCPU.</summary>
    private static DomainSettings SettingsOf(uint domain, DomainSettings settings, int nodes) => settings with
    {
        Weight = 256 + (domain % 256),
        Reservation = domain / nodes % DomainsPerReservation == 0 ? new Reservation(400 * Machine.Microsecond, 20 * Machine.Millisecond) : null,
        Pool = PoolOf((int)(domain - 1) % nodes),
    };

    private static string PoolOf(int node) => node == 0 ? SchedulingPool.Default : $"node{node}";
}
