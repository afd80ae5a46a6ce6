using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Spectre.Console;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Control;

/// <summary>What <c>mk top</c> shows, with xentop's columns: one table from two looks at the guests.</summary>
public sealed class TopView
{
    private readonly Dictionary<(uint Domain, ulong Generation), ulong> _before = [];
    private ulong _beforeNs;

    /// <summary>The head and the table for what is now; CPU percentages are those since the last call.</summary>
    public (string Head, Table Table) Update(Api.GetHostResponse host, IReadOnlyList<Api.GuestInfo> guests)
    {
        var table = new Table().Border(TableBorder.None);
        foreach (string head in new[] { "NAME", "STATE" })
            table.AddColumn(head);
        foreach (string head in new[] { "CPU(sec)", "CPU(%)", "MEM(k)", "MEM(%)", "MAXMEM(k)", "MAXMEM(%)", "VCPUS" })
            table.AddColumn(new TableColumn(head).RightAligned());
        foreach (Api.GuestInfo guest in guests.OrderByDescending(g => Percent(g, host.UptimeNs)).ThenBy(static g => g.Domain))
            table.AddRow([.. Cells(guest, host).Select(Markup.Escape)]);
        Remember(host, guests);
        return (Head(host, guests), table);
    }

    /// <summary>How much of a CPU a guest has used since the last call, in percent.</summary>
    internal double Percent(Api.GuestInfo guest, ulong nowNs) =>
        _before.TryGetValue((guest.Domain, guest.DomainGeneration), out ulong before) && nowNs > _beforeNs && guest.CpuTimeNs >= before
            ? 100.0 * (guest.CpuTimeNs - before) / (nowNs - _beforeNs)
            : 0;

    private static string Head(Api.GetHostResponse host, IReadOnlyList<Api.GuestInfo> guests)
    {
        (string Word, Api.GuestState State)[] states =
        [
            ("running", Api.GuestState.Running), ("blocked", Api.GuestState.Blocked), ("paused", Api.GuestState.Paused),
            ("crashed", Api.GuestState.Crashed), ("dying", Api.GuestState.Dying), ("shutdown", Api.GuestState.ShutDown),
        ];
        string counts = string.Join(", ", states.Select(s => $"{guests.Count(g => g.State == s.State)} {s.Word}"));
        return string.Create(CultureInfo.InvariantCulture, $"{host.CoreVersion}, up {XlText.Uptime(host.UptimeNs).Trim()}, {guests.Count} guests: {counts}\n")
            + string.Create(CultureInfo.InvariantCulture, $"Mem: {host.TotalBytes >> 10}k total, {(host.TotalBytes - host.FreeBytes) >> 10}k used, ")
            + string.Create(CultureInfo.InvariantCulture, $"{host.FreeBytes >> 10}k free    CPUs: {host.Cpus} @ {host.CpuKhz / 1000}MHz");
    }

    private IEnumerable<string> Cells(Api.GuestInfo guest, Api.GetHostResponse host)
    {
        double total = Math.Max(1, host.TotalBytes);
        return
        [
            guest.Name,
            XlText.StateLetters(guest.State),
            string.Create(CultureInfo.InvariantCulture, $"{guest.CpuTimeNs / 1e9:0}"),
            string.Create(CultureInfo.InvariantCulture, $"{Percent(guest, host.UptimeNs):0.0}"),
            string.Create(CultureInfo.InvariantCulture, $"{guest.MemoryBytes >> 10}"),
            string.Create(CultureInfo.InvariantCulture, $"{100 * guest.MemoryBytes / total:0.0}"),
            string.Create(CultureInfo.InvariantCulture, $"{guest.MaximumMemoryBytes >> 10}"),
            string.Create(CultureInfo.InvariantCulture, $"{100 * guest.MaximumMemoryBytes / total:0.0}"),
            string.Create(CultureInfo.InvariantCulture, $"{XlText.OnlineVcpus(guest)}"),
        ];
    }

    private void Remember(Api.GetHostResponse host, IReadOnlyList<Api.GuestInfo> guests)
    {
        _before.Clear();
        foreach (Api.GuestInfo guest in guests)
            _before[(guest.Domain, guest.DomainGeneration)] = guest.CpuTimeNs;
        _beforeNs = host.UptimeNs;
    }
}
