using System;
using System.CommandLine;
using System.Globalization;
using System.Threading.Tasks;
using Mk.Control;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Commands;

/// <summary><c>mk info</c>: the host.</summary>
public static class InfoCommand
{
    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        Option<bool> json = SystemCommand.JsonOption();
        var command = new Command("info", "Show what the host is and has.") { json };
        command.SetSystemAction((parsed, system) => ShowAsync(system, parsed.GetValue(json)));
        return command;
    }

    private static async Task ShowAsync(SystemConnection system, bool isJson)
    {
        Api.GetHostResponse host = await system.RepeatAsync(options => system.Toolstack.GetHostAsync(new Api.GetHostRequest(), options));
        if (isJson)
        {
            Json.Print(new { host.CoreVersion, host.Cpus, host.CpuKhz, host.TotalBytes, host.FreeBytes, UptimeSeconds = Json.Seconds(host.UptimeNs), host.Capabilities });
            return;
        }
        Print("core_version", host.CoreVersion);
        Print("nr_cpus", host.Cpus);
        Print("cpu_mhz", string.Create(CultureInfo.InvariantCulture, $"{host.CpuKhz / 1000.0:0.000}"));
        Print("total_memory", host.TotalBytes / MemorySize.MiB);
        Print("free_memory", host.FreeBytes / MemorySize.MiB);
        Print("uptime", XlText.Uptime(host.UptimeNs).Trim());
        Print("xen_caps", string.Join(' ', host.Capabilities));
    }

    private static void Print(string key, object value) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{key,-22} : {value}"));
}
