using System.CommandLine;
using Mk.Control;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Commands;

/// <summary><c>mk rename</c>: gives a guest another name.</summary>
public static class RenameCommand
{
    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        Argument<string> guest = SystemCommand.GuestArgument();
        var name = new Argument<string>("NAME") { Description = "Its new name" };
        var command = new Command("rename", "Give a guest another name.") { guest, name };
        command.SetSystemAction(async (parsed, system) => await system.Toolstack.RenameAsync(
            new Api.RenameRequest { Guest = GuestNames.Parse(parsed.GetValue(guest)!), Name = parsed.GetValue(name)! }, system.Brief));
        return command;
    }
}
