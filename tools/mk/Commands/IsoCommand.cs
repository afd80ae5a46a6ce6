using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using Mk.Boot;
using Mk.Iso;
using Mk.Xl;

namespace Mk.Commands;

/// <summary><c>mk iso</c>: a CD image of the core and some guests.</summary>
public static class IsoCommand
{
    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        var files = new Argument<string[]>("FILE.cfg") { Description = "The guests (default: examples/debian.cfg)", Arity = ArgumentArity.ZeroOrMore };
        var output = new Option<string>("--output", "-o") { Description = "The image to write", DefaultValueFactory = static _ => Repository.InRoot("out/microkernel.iso"), HelpName = "FILE" };
        var coreOptions = new Option<string[]>("--core-option") { Description = "A word of the core's command line (repeatable)", HelpName = "TEXT" };
        var command = new Command("iso", "Write a CD image that boots the core and guests by BIOS or UEFI, with a serial console.") { files, output, coreOptions };
        command.SetAction(parsed => Write(
            parsed.GetValue(files) is { Length: > 0 } named ? named : [Repository.InRoot("examples/debian.cfg")],
            parsed.GetValue(output)!,
            parsed.GetValue(coreOptions) ?? []));
        return command;
    }

    private static int Write(IEnumerable<string> files, string output, IEnumerable<string> coreOptions)
    {
        IReadOnlyList<GuestConfig> guests = GuestFiles.Read(files, GuestScope.Core);
        CoreImage.Ensure();
        Say.While($"writing {output}", () =>
        {
            // A machine with one serial port is the common one; a later word of the operator's counts more.
            IsoImage.Write(output, BootSet.For(guests), string.Join(' ', coreOptions.Prepend("guests=com1")));
            return 0;
        });
        Say.Line($"{guests.Count} guest(s): {string.Join(", ", guests.Select(static g => g.Name))}");
        return (int)ExitCode.Success;
    }
}
