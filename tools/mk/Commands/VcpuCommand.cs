using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Threading.Tasks;
using Mk.Control;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Commands;

/// <summary><c>mk vcpu-list</c> and <c>mk vcpu-set</c>.</summary>
public static class VcpuCommand
{
    /// <summary>The command that lists vCPUs.</summary>
    public static Command CreateList()
    {
        Argument<string[]> guests = SystemCommand.GuestsArgument("default: all");
        Option<bool> json = SystemCommand.JsonOption();
        var command = new Command("vcpu-list", "List the guests' vCPUs: where they run, and what they have used.") { guests, json };
        command.SetSystemAction((parsed, system) => ListAsync(system, parsed.GetValue(guests)!, parsed.GetValue(json)));
        return command;
    }

    /// <summary>The command that sets how many a guest uses.</summary>
    public static Command CreateSet()
    {
        Argument<string> guest = SystemCommand.GuestArgument();
        var count = new Argument<uint>("N") { Description = "1 to the guest's maxvcpus" };
        var command = new Command("vcpu-set", "Set how many of its vCPUs a guest should use.") { guest, count };
        command.SetSystemAction((parsed, system) => system.RepeatAsync(options => system.Toolstack.SetVcpusAsync(
            new Api.SetVcpusRequest { Guest = GuestNames.Parse(parsed.GetValue(guest)!), Vcpus = parsed.GetValue(count) }, options)));
        return command;
    }

    private static async Task ListAsync(SystemConnection system, string[] words, bool isJson)
    {
        IReadOnlyList<Api.GuestInfo> guests = await GuestList.ReadAsync(system, words);
        if (isJson)
        {
            Json.Print(guests.Select(Json.OfVcpus));
            return;
        }
        Console.WriteLine(XlText.VcpuHead);
        foreach (Api.GuestInfo guest in guests)
        {
            foreach (Api.VcpuInfo vcpu in guest.Vcpus)
                Console.WriteLine(XlText.VcpuLine(guest, vcpu));
        }
    }
}
