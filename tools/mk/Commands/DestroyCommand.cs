using System.CommandLine;
using System.Threading.Tasks;
using Mk.Control;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Commands;

/// <summary><c>mk destroy</c>: ends a guest at once.</summary>
public static class DestroyCommand
{
    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        Argument<string> guest = SystemCommand.GuestArgument();
        var command = new Command("destroy", "End a guest at once, as by pulling its plug; also removes one that has ended and is kept.") { guest };
        command.SetSystemAction(async (parsed, system) =>
            await system.Toolstack.DestroyAsync(new Api.DestroyRequest { Guest = GuestNames.Parse(parsed.GetValue(guest)!) }, system.Long));
        return command;
    }
}
