using System.CommandLine;
using System.Threading.Tasks;
using Mk.Control;
using Mk.Terminal;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Commands;

/// <summary><c>mk console</c>: a guest's console on this terminal.</summary>
public static class ConsoleCommand
{
    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        Argument<string> guest = SystemCommand.GuestArgument();
        var command = new Command("console", "Attach to a guest's console: what it has printed comes first. Ctrl-] leaves.") { guest };
        command.SetSystemAction((parsed, system) => AttachAsync(system, parsed.GetValue(guest)!));
        return command;
    }

    /// <summary>Attaches until the operator leaves, or the guest is no more.</summary>
    public static async Task AttachAsync(SystemConnection system, string word)
    {
        Api.GuestInfo guest = await GuestNames.FindAsync(system, word);
        bool hasLeft = await AttachedConsole.RunAsync(system, guest.Domain);
        Say.Line(hasLeft ? $"left {guest.Name}, which goes on" : $"the console of {guest.Name} has ended");
    }
}
