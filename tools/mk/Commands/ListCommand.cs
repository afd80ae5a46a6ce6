using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Threading.Tasks;
using Mk.Control;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Commands;

/// <summary><c>mk list</c>: the guests.</summary>
public static class ListCommand
{
    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        Argument<string[]> guests = SystemCommand.GuestsArgument("default: all");
        var isVerbose = new Option<bool>("--verbose", "-v") { Description = "UUIDs, and why ended guests have ended, too" };
        var isLong = new Option<bool>("--long", "-l") { Description = "Everything, as JSON (as --json)" };
        Option<bool> json = SystemCommand.JsonOption();
        var command = new Command("list", "List the guests.") { guests, isVerbose, isLong, json };
        command.SetSystemAction((parsed, system) => ListAsync(
            system, parsed.GetValue(guests)!, parsed.GetValue(isVerbose), parsed.GetValue(isLong) || parsed.GetValue(json)));
        return command;
    }

    private static async Task ListAsync(SystemConnection system, string[] words, bool isVerbose, bool isJson)
    {
        IReadOnlyList<Api.GuestInfo> guests = await GuestList.ReadAsync(system, words);
        if (isJson)
        {
            Json.Print(guests.Select(Json.Of));
            return;
        }
        Console.WriteLine(XlText.ListHead + (isVerbose ? "   UUID                                  Reason" : ""));
        foreach (Api.GuestInfo guest in guests)
            Console.WriteLine(XlText.ListLine(guest) + (isVerbose ? XlText.ListDetail(guest) : ""));
    }
}
