using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Control;

/// <summary>Tables with the columns that xl prints, so that what people and scripts know of them stays true.</summary>
public static class XlText
{
    private const double Second = 1e9;
    private const long SecondsOfDay = 24 * 60 * 60;

    /// <summary>The head of <see cref="ListLine"/>.</summary>
    public const string ListHead = "Name                                        ID   Mem VCPUs\tState\tTime(s)";

    /// <summary>The head of <see cref="VcpuLine"/>.</summary>
    public const string VcpuHead = "Name                                ID  VCPU   CPU State   Time(s) Affinity (Hard / Soft)";

    /// <summary>The head of <see cref="UptimeLine"/>.</summary>
    public const string UptimeHead = "Name                                ID Uptime";

    /// <summary>A guest in <c>list</c>.</summary>
    public static string ListLine(Api.GuestInfo guest) => string.Create(CultureInfo.InvariantCulture,
        $"{guest.Name,-40} {guest.Domain,5} {guest.MemoryBytes / MemorySize.MiB,5} {OnlineVcpus(guest),5}     {StateLetters(guest.State)}  {guest.CpuTimeNs / Second,8:0.0}");

    /// <summary>What <c>list -v</c> adds to a guest.</summary>
    public static string ListDetail(Api.GuestInfo guest) =>
        $" {UuidOf(guest) ?? "-",-36}  {(guest.EndDetail.Length > 0 ? guest.EndDetail : "-")}";

    /// <summary>A vCPU in <c>vcpu-list</c>.</summary>
    public static string VcpuLine(Api.GuestInfo guest, Api.VcpuInfo vcpu)
    {
        string place = vcpu.IsOnline
            ? string.Create(CultureInfo.InvariantCulture, $"{vcpu.Cpu,5} {(vcpu.IsRunning ? 'r' : '-'),3}{(vcpu.IsBlocked ? 'b' : '-')}- ")
            : $"{'-',5} {'-',3}{'-'}p ";
        return string.Create(CultureInfo.InvariantCulture,
            $"{guest.Name,-32} {guest.Domain,5} {vcpu.Vcpu,5} {place}{vcpu.CpuTimeNs / Second,9:0.0}  {CpuSet(vcpu.Affinity)} / all");
    }

    /// <summary>A guest in <c>uptime</c>.</summary>
    public static string UptimeLine(string name, uint domain, ulong uptimeNs) =>
        string.Create(CultureInfo.InvariantCulture, $"{name,-33} {domain,4} {Uptime(uptimeNs)}");

    /// <summary>r running, b blocked, p paused, s shut down, c crashed, d dying; all six a dash while it is being built.</summary>
    public static string StateLetters(Api.GuestState state) => state switch
    {
        Api.GuestState.Running => "r-----",
        Api.GuestState.Blocked => "-b----",
        Api.GuestState.Paused => "--p---",
        Api.GuestState.ShutDown => "---s--",
        Api.GuestState.Crashed => "---sc-",
        Api.GuestState.Dying => "-----d",
        _ => "------",
    };

    /// <summary>A time since the start, with days if there are any.</summary>
    public static string Uptime(ulong ns)
    {
        long seconds = (long)(ns / (ulong)Second);
        string clock = string.Create(CultureInfo.InvariantCulture, $"{seconds % SecondsOfDay / 3600,2}:{seconds / 60 % 60:00}:{seconds % 60:00}");
        return (seconds / SecondsOfDay) switch
        {
            0 => clock,
            1 => "1 day, " + clock,
            long days => string.Create(CultureInfo.InvariantCulture, $"{days} days, {clock}"),
        };
    }

    /// <summary>A set of CPUs as xl writes it: 0-3,5, or "all".</summary>
    public static string CpuSet(IReadOnlyList<ulong> words)
    {
        if (words.Count == 0 || words.All(static w => w == ulong.MaxValue))
            return "all";
        List<int> cpus = [.. Enumerable.Range(0, words.Count * 64).Where(cpu => (words[cpu / 64] >> (cpu % 64) & 1) != 0)];
        List<string> ranges = [];
        for (int i = 0; i < cpus.Count;)
        {
            int first = i;
            while (++i < cpus.Count && cpus[i] == cpus[i - 1] + 1)
            {
            }
            ranges.Add(i - first == 1 ? $"{cpus[first]}" : $"{cpus[first]}-{cpus[i - 1]}");
        }
        return ranges.Count == 0 ? "none" : string.Join(',', ranges);
    }

    /// <summary>How many vCPUs a guest uses.</summary>
    public static int OnlineVcpus(Api.GuestInfo guest) =>
        guest.Vcpus.Count > 0 ? guest.Vcpus.Count(static v => v.IsOnline) : (int)(guest.Config?.Vcpus ?? 0);

    /// <summary>A guest's UUID in the usual form, or null.</summary>
    public static string? UuidOf(Api.GuestInfo guest) =>
        guest.Config?.Uuid is { Length: 16 } uuid ? new Guid(uuid.Span, bigEndian: true).ToString() : null;
}
