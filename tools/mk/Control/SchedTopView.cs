using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Microkernel.Protos.Scheduler;
using Spectre.Console;

namespace Mk.Control;

/// <summary>What <c>mk sched top</c> shows: each vCPU's time between two looks, and the context that it runs by.</summary>
public sealed class SchedTopView
{
    private static readonly string[] s_bounds = ["<0.1", "<0.3", "<1", "<3", "<10", "<30", "<100", ">100"];

    private Dictionary<(uint, ulong, uint), VcpuUsage> _before = [];
    private ulong _beforeNs;

    /// <summary>The head and the table for what is now.</summary>
    public (string Head, Table Table) Update(GetUsageResponse usage, DomainNames names)
    {
        var table = new Table().Border(TableBorder.None);
        foreach (string head in new[] { "NAME", "VCPU", "CPU", "STATE" })
            table.AddColumn(head);
        foreach (string head in new[] { "RUN(%)", "WAIT(%)", "WAKE/s", "p95(ms)", "MOVES/s", "WEIGHT", "BUDGET", "LIMIT", "PERIOD" })
            table.AddColumn(new TableColumn(head).RightAligned());
        double seconds = _beforeNs > 0 && usage.NowNs > _beforeNs ? (usage.NowNs - _beforeNs) / 1e9 : 0;
        foreach (VcpuUsage vcpu in usage.Vcpus.Where(static v => v.State != VcpuState.Offline).OrderByDescending(v => v.RanNs - Before(v).RanNs).ThenBy(static v => v.Domain))
            table.AddRow([.. Cells(vcpu, Before(vcpu), seconds, names.Of(vcpu.Domain)).Select(Markup.Escape)]);
        _before = usage.Vcpus.ToDictionary(KeyOf);
        _beforeNs = usage.NowNs;
        return ($"CPUs {SchedText.Cpus(usage.Cpus)}, {usage.Vcpus.Count} vCPUs", table);
    }

    /// <summary>In which class of latency 95 of 100 wake-ups since the last look were, or better; "-" if there were none.</summary>
    internal static string Slowest(IReadOnlyList<uint> now, IReadOnlyList<uint> before)
    {
        long[] counts = [.. now.Select((count, i) => count - (long)(i < before.Count ? before[i] : 0))];
        double left = counts.Sum() * 0.95;
        if (left <= 0)
            return "-";
        int at = 0;
        while (at < counts.Length - 1 && (left -= counts[at]) > 0)
            at++;
        return s_bounds[Math.Min(at, s_bounds.Length - 1)];
    }

    private static (uint, ulong, uint) KeyOf(VcpuUsage vcpu) => (vcpu.Domain, vcpu.DomainGeneration, vcpu.Vcpu);

    private static IEnumerable<string> Cells(VcpuUsage now, VcpuUsage before, double seconds, string name)
    {
        bool hasPeriod = (now.BudgetNs | now.LimitNs) != 0;
        return
        [
            name,
            Number(now.Vcpu),
            Number(now.Cpu),
            now.State.ToString().ToLowerInvariant(),
            Rate((now.RanNs - before.RanNs) / 1e7, seconds),
            Rate((now.WaitedNs - before.WaitedNs) / 1e7, seconds),
            Rate(now.Wakeups - before.Wakeups, seconds),
            Slowest(now.Latency, before.Latency),
            Rate(now.Migrations - before.Migrations, seconds),
            Number(now.Weight),
            now.BudgetNs == 0 ? "-" : SchedText.Time(now.BudgetNs),
            now.LimitNs == 0 ? "-" : SchedText.Time(now.LimitNs),
            hasPeriod ? SchedText.Time(now.PeriodNs) : "-",
        ];
    }

    private static string Rate(double amount, double seconds) =>
        seconds > 0 ? (amount / seconds).ToString("0.0", CultureInfo.InvariantCulture) : "-";

    private static string Number(uint value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>What was at the last look; itself for one that was not there.</summary>
    private VcpuUsage Before(VcpuUsage vcpu) => _before.GetValueOrDefault(KeyOf(vcpu), vcpu);
}
