using System.CommandLine;
using Mk.Control;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Commands;

/// <summary><c>mk pause</c> and <c>mk unpause</c>.</summary>
public static class PauseCommand
{
    /// <summary>The command that stops a guest.</summary>
    public static Command CreatePause()
    {
        Argument<string> guest = SystemCommand.GuestArgument();
        var command = new Command("pause", "Stop a guest's vCPUs until it is unpaused.") { guest };
        command.SetSystemAction((parsed, system) => system.RepeatAsync(options =>
            system.Toolstack.PauseAsync(new Api.PauseRequest { Guest = GuestNames.Parse(parsed.GetValue(guest)!) }, options)));
        return command;
    }

    /// <summary>The command that lets it run again.</summary>
    public static Command CreateUnpause()
    {
        Argument<string> guest = SystemCommand.GuestArgument();
        var command = new Command("unpause", "Let a paused guest run.") { guest };
        command.SetSystemAction((parsed, system) => system.RepeatAsync(options =>
            system.Toolstack.UnpauseAsync(new Api.UnpauseRequest { Guest = GuestNames.Parse(parsed.GetValue(guest)!) }, options)));
        return command;
    }
}
