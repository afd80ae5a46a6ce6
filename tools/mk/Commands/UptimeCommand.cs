using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;
using Mk.Control;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Commands;

/// <summary><c>mk uptime</c>: since when host and guests run.</summary>
public static class UptimeCommand
{
    /// <summary>How the host is called here.</summary>
    private const string Host = "(host)";

    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        Argument<string[]> guests = SystemCommand.GuestsArgument("default: the host and all guests");
        var isShort = new Option<bool>("--short", "-s") { Description = "One line each, as the system's uptime prints it" };
        Option<bool> json = SystemCommand.JsonOption();
        var command = new Command("uptime", "Show how long the host and its guests have been running.") { guests, isShort, json };
        command.SetSystemAction((parsed, system) => ShowAsync(
            system, parsed.GetValue(guests)!, parsed.GetValue(isShort), parsed.GetValue(json)));
        return command;
    }

    private static async Task ShowAsync(SystemConnection system, string[] words, bool isShort, bool isJson)
    {
        List<(string Name, uint Domain, ulong Uptime)> rows = [];
        if (words.Length == 0)
        {
            Api.GetHostResponse host = await system.RepeatAsync(options => system.Toolstack.GetHostAsync(new Api.GetHostRequest(), options));
            rows.Add((Host, 0, host.UptimeNs));
        }
        rows.AddRange((await GuestList.ReadAsync(system, words)).Select(static g => (g.Name, g.Domain, g.UptimeNs)));
        if (isJson)
        {
            Json.Print(rows.Select(static r => new { r.Name, r.Domain, UptimeSeconds = Json.Seconds(r.Uptime) }));
            return;
        }
        if (!isShort)
            Console.WriteLine(XlText.UptimeHead);
        string now = DateTime.Now.ToString("HH:mm:ss", CultureInfo.InvariantCulture);
        foreach ((string name, uint domain, ulong uptime) in rows)
            Console.WriteLine(isShort ? $" {now} up {XlText.Uptime(uptime).Trim()}, {name} ({domain})" : XlText.UptimeLine(name, domain, uptime));
    }
}
