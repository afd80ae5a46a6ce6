using System;
using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Control;

/// <summary>What commands print with <c>--json</c>: names in snake_case, times in seconds, memory in bytes.</summary>
public static class Json
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Prints a value to the standard output.</summary>
    public static void Print(object value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, Options));

    /// <summary>A time in seconds.</summary>
    public static double Seconds(ulong ns) => ns / 1e9;

    /// <summary>A guest.</summary>
    public static object Of(Api.GuestInfo guest) => new
    {
        guest.Name,
        guest.Domain,
        State = guest.State.ToString().ToLowerInvariant(),
        guest.MemoryBytes,
        guest.MaximumMemoryBytes,
        TargetMemoryBytes = guest.Config?.MemoryBytes,
        VcpusOnline = XlText.OnlineVcpus(guest),
        MaximumVcpus = guest.Config?.MaximumVcpus,
        CpuSeconds = Seconds(guest.CpuTimeNs),
        UptimeSeconds = Seconds(guest.UptimeNs),
        Uuid = XlText.UuidOf(guest),
        CommandLine = guest.Config?.CommandLine,
        OnPoweroff = Word(guest.Config?.OnPoweroff),
        OnReboot = Word(guest.Config?.OnReboot),
        OnCrash = Word(guest.Config?.OnCrash),
        EndDetail = guest.EndDetail.Length > 0 ? guest.EndDetail : null,
        Vcpus = guest.Vcpus.Select(static v => Of(v)),
    };

    /// <summary>A guest's vCPUs.</summary>
    public static object OfVcpus(Api.GuestInfo guest) => new { guest.Name, guest.Domain, Vcpus = guest.Vcpus.Select(static v => Of(v)) };

    private static object Of(Api.VcpuInfo vcpu) => new
    {
        vcpu.Vcpu,
        Cpu = vcpu.IsOnline ? vcpu.Cpu : (uint?)null,
        vcpu.IsOnline,
        vcpu.IsRunning,
        vcpu.IsBlocked,
        CpuSeconds = Seconds(vcpu.CpuTimeNs),
        Affinity = XlText.CpuSet(vcpu.Affinity),
    };

    private static string? Word(Api.EndAction? action) => action switch
    {
        null or Api.EndAction.Unspecified => null,
        Api.EndAction.RenameRestart => "rename-restart",
        _ => action.ToString()!.ToLowerInvariant(),
    };
}
