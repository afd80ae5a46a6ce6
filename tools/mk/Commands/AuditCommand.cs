using System;
using System.CommandLine;
using System.Globalization;
using System.Threading.Tasks;
using Mk.Control;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Commands;

/// <summary><c>mk audit</c>: the core compares its records of who owns and uses which memory.</summary>
public static class AuditCommand
{
    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        Option<bool> json = SystemCommand.JsonOption();
        var command = new Command("audit", "Have the core compare all its records of who owns and uses which memory; code 2 if they do not agree.") { json };
        command.SetSystemAction((parsed, system) => CheckAsync(system, parsed.GetValue(json)));
        return command;
    }

    private static async Task CheckAsync(SystemConnection system, bool isJson)
    {
        // It is refused, and tried again, as long as domains are being built or destroyed.
        Api.AuditResponse answer = await system.RepeatAsync(options => system.Toolstack.AuditAsync(new Api.AuditRequest(), options));
        if (isJson)
            Json.Print(new { answer.Violations, answer.FreeBytes });
        if (answer.Violations != 0)
            throw new MkException(ExitCode.GuestCrashed, "the core's records do not agree with each other: a fault of the core; 'mk dmesg' says what is wrong");
        if (!isJson)
            Say.Line(string.Create(CultureInfo.InvariantCulture, $"the core's records agree; {answer.FreeBytes / MemorySize.MiB} MiB are free"));
    }
}
