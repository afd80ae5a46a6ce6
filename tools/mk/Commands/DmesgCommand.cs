using System;
using System.CommandLine;
using System.IO;
using System.Text;
using System.Threading.Tasks;
using Mk.Control;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Commands;

/// <summary><c>mk dmesg</c>: the core's log.</summary>
public static class DmesgCommand
{
    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        var clear = new Option<bool>("--clear", "-c") { Description = "Clear the log after printing it" };
        Option<bool> json = SystemCommand.JsonOption();
        var command = new Command("dmesg", "Print the core's log, as much of it as the core still has.") { clear, json };
        command.SetSystemAction((parsed, system) => PrintAsync(system, parsed.GetValue(clear), parsed.GetValue(json)));
        return command;
    }

    private static async Task PrintAsync(SystemConnection system, bool clear, bool isJson)
    {
        using var log = new MemoryStream();
        var request = new Api.ReadLogRequest();
        while (true)
        {
            Api.ReadLogResponse part = await system.RepeatAsync(options => system.Toolstack.ReadLogAsync(request, options));
            if (part.Log.IsEmpty)
                break;
            log.Write(part.Log.Span);
            request.Index = part.NextIndex;
        }
        try
        {
            // What has come meanwhile is in the answer.
            if (clear)
                log.Write((await system.Toolstack.ReadLogAsync(new Api.ReadLogRequest { Clear = true, Index = request.Index }, system.Brief)).Log.Span);
        }
        finally
        {
            // Also when the connection is lost: the log may be cleared already.
            Print(Encoding.UTF8.GetString(log.ToArray()), isJson);
        }
    }

    private static void Print(string text, bool isJson)
    {
        if (isJson)
            Json.Print(new { Lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries) });
        else
            Console.Write(text);
    }
}
