using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Mk.Bench;
using Mk.Boot;
using Mk.Machine;
using Spectre.Console;

namespace Mk.Commands;

/// <summary><c>mk bench</c>: instruction counts beside Xen's and their limits.</summary>
public static class BenchCommand
{
    private const int UsualStoreNodes = 1_000_000;

    /// <summary>What wall-clock times are given in: the exit with the least work in it.</summary>
    private const string Yardstick = "cpuid";

    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        var qemu = new Option<string>("--qemu") { Description = "QEMU's program", DefaultValueFactory = static _ => new MachineOptions().Qemu, HelpName = "PATH" };
        var cpu = new Option<string>("--cpu") { Description = "QEMU's CPU model", DefaultValueFactory = static _ => new MachineOptions().Cpu, HelpName = "MODEL" };
        var rings = new Option<bool>("--rings") { Description = "Only the throughput and round trips of rings, on this machine without QEMU" };
        var system = new Option<bool>("--system") { Description = "Only how long the whole system and a guest take to start" };
        var counts = new Option<bool>("--counts") { Description = "Only the instruction counts, which decide" };
        var store = new Option<int?>("--store")
        {
            Description = "Only XenStore in a domain sized for N nodes, a million without N, empty and full; takes minutes and 4 GiB",
            Arity = ArgumentArity.ZeroOrOne,
            HelpName = "N",
            CustomParser = static result => result.Tokens.Count == 0 ? UsualStoreNodes : ParseNodes(result),
        };
        var command = new Command("bench", "Count instructions of hypercalls, events, grants and the start; fail when one is over its limit. Measure rings and starts.")
        {
            qemu, cpu, rings, system, store, counts,
        };
        command.SetAction((parsed, _) =>
        {
            var machine = new MachineOptions { Qemu = parsed.GetValue(qemu)!, Cpu = parsed.GetValue(cpu)! };
            return (parsed.GetValue(rings), parsed.GetValue(system), parsed.GetResult(store) is not null) switch
            {
                (true, _, _) => Task.FromResult(MeasureRings()),
                (_, true, _) => MeasureSystemAsync(machine),
                (_, _, true) => MeasureStoreAsync(machine, parsed.GetValue(store) ?? UsualStoreNodes),
                _ => RunAsync(machine with { Icount = 0 }, parsed.GetValue(counts)),
            };
        });
        return command;
    }

    /// <summary>What an operator waits for; on a machine that is busy with other things that is longer, so that it decides nothing.</summary>
    private static async Task<int> MeasureSystemAsync(MachineOptions machine)
    {
        Say.Line("starting a system and a guest ...");
        SystemTimes times = await SystemTimes.MeasureAsync(machine);
        Table table = Tables.Create("wall clock, seconds", ">here", ">wanted", ">Xen 4.17");
        table.AddRow("start until all five services answer (Xen: until xl answers in its dom0)", Seconds(times.Start), "12", "10.4 to 13");
        table.AddRow("create until the guest runs, its files uploaded", Seconds(times.Create), "-", "-");
        table.AddRow("create until the guest's shell, its files uploaded (Xen: until its init)", Seconds(times.Shell), "5", "7.2");
        Tables.Print(table);
        return (int)ExitCode.Success;
    }

    private static async Task<int> MeasureStoreAsync(MachineOptions machine, int nodes)
    {
        Say.Line($"filling a store with {nodes:N0} nodes ...");
        await StoreScale.RunAsync(machine, nodes);
        return (int)ExitCode.Success;
    }

    private static int? ParseNodes(ArgumentResult result)
    {
        if (int.TryParse(result.Tokens[0].Value, out int nodes) && nodes is > 0 and <= StoreSize.MostNodes && nodes % 1000 == 0)
            return nodes;
        result.AddError($"--store {result.Tokens[0].Value}: a multiple of 1000 up to {StoreSize.MostNodes} is wanted");
        return null;
    }

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);

    /// <summary>Wall-clock figures of this machine: they decide nothing.</summary>
    private static int MeasureRings()
    {
        Say.Line("measuring rings ...");
        Console.Write(Tool.Run("dotnet", ["run", "-c", "Release", "--project", "bench/Rings"], Repository.Root));
        return (int)ExitCode.Success;
    }

    private static async Task<int> RunAsync(MachineOptions counting, bool onlyCounts)
    {
        IReadOnlyList<BenchFigure> figures = BenchFigure.Parse(File.ReadLines(Repository.InRoot("bench/figures.txt")));
        CoreImage.Ensure();
        TestGuests.Build();
        string[] without = ["mitigations=off"];
        Say.Line("counting instructions, mitigations as CPUID asks ...");
        var on = await BenchRun.MeasureAsync(counting, "on");
        Say.Line("counting instructions, mitigations=off ...");
        var off = await BenchRun.MeasureAsync(counting with { CoreOptions = without }, "off");
        IReadOnlyList<string> faults = PrintCounts(figures, on, off);
        if (!onlyCounts)
            await MeasureTimesAsync(figures, counting, without);
        foreach (string fault in faults)
            Console.WriteLine(fault);
        Console.WriteLine(faults.Count == 0 ? "all figures within their limits" : $"{faults.Count} figures over their limits or missing");
        return (int)(faults.Count == 0 ? ExitCode.Success : ExitCode.GuestCrashed);
    }

    private static async Task MeasureTimesAsync(IReadOnlyList<BenchFigure> figures, MachineOptions counting, string[] without)
    {
        Say.Line("measuring time ...");
        var timeOn = await BenchRun.MeasureAsync(counting with { Icount = null }, "time-on");
        var timeOff = await BenchRun.MeasureAsync(counting with { Icount = null, CoreOptions = without }, "time-off");
        PrintTimes(figures, timeOn, timeOff);
        await MeasureSystemAsync(counting with { Icount = null });
        MeasureRings();
    }

    private static List<string> PrintCounts(IReadOnlyList<BenchFigure> figures, IReadOnlyDictionary<string, long> on, IReadOnlyDictionary<string, long> off)
    {
        List<string> faults = [];
        Table table = Tables.Create("instructions", ">here", ">mitigations=off", ">limit", ">Xen 4.17", ">Xen / here", "");
        foreach (BenchFigure figure in figures)
        {
            string? fault = Fault(figure, on) ?? Fault(figure, off);
            table.AddRow(
                Markup.Escape(figure.Meaning), Show(on, figure.Key), Show(off, figure.Key), Show(figure.Limit), Show(figure.Xen),
                figure.Xen is { } xen && on.TryGetValue(figure.Key, out long here) && here > 0 ? Ratio((double)xen / here) : "-",
                fault is null ? "" : "OVER");
            if (fault is not null)
                faults.Add(fault);
        }
        foreach (string key in on.Keys.Except(figures.Select(static f => f.Key)))
            table.AddRow(Markup.Escape(key), Show(on, key), Show(off, key), "-", "-", "-", "");
        Tables.Print(table);
        return faults;
    }

    /// <summary>Wall-clock times of this run, as multiples of the barest exit in the same run.</summary>
    private static void PrintTimes(IReadOnlyList<BenchFigure> figures, IReadOnlyDictionary<string, long> on, IReadOnlyDictionary<string, long> off)
    {
        Table table = Tables.Create("wall clock, as a multiple of a CPUID exit", ">here", ">mitigations=off", ">on / off");
        foreach (BenchFigure figure in figures.Where(f => on.ContainsKey(f.Key) && off.ContainsKey(f.Key) && !BenchRun.CoreKeys.Contains(f.Key)))
        {
            table.AddRow(
                Markup.Escape(figure.Meaning),
                Ratio((double)on[figure.Key] / on[Yardstick]), Ratio((double)off[figure.Key] / off[Yardstick]),
                Ratio((double)on[figure.Key] / off[figure.Key]));
        }
        Tables.Print(table);
    }

    private static string? Fault(BenchFigure figure, IReadOnlyDictionary<string, long> measured)
    {
        if (!measured.TryGetValue(figure.Key, out long value))
            return $"{figure.Meaning}: not measured";
        return value > figure.Limit ? $"{figure.Meaning}: {value:N0}, limit {figure.Limit:N0}" : null;
    }

    private static string Show(IReadOnlyDictionary<string, long> measured, string key) =>
        measured.TryGetValue(key, out long value) ? Show(value) : "-";

    private static string Show(long? value) => value?.ToString("N0", CultureInfo.InvariantCulture) ?? "-";

    private static string Ratio(double value) => value.ToString(value < 100 ? "0.00" : "N0", CultureInfo.InvariantCulture);
}
