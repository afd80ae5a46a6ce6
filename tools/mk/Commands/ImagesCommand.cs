using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using Mk.Images;

namespace Mk.Commands;

/// <summary><c>mk images</c>: prepares kernels and file systems ahead of their first use.</summary>
public static class ImagesCommand
{
    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        var names = new Argument<string[]>("NAME") { Description = "One of: " + string.Join(", ", ImageStore.Names), Arity = ArgumentArity.ZeroOrMore };
        names.AcceptOnlyFromAmong([.. ImageStore.Names]);
        var command = new Command("images", "Prepare kernels and file systems in out/images (all of them without a name).") { names };
        command.SetAction(parsed => Prepare(parsed.GetValue(names)!));
        return command;
    }

    private static int Prepare(string[] names)
    {
        IEnumerable<string> wanted = names.Length > 0 ? names : ImageStore.Names;
        foreach (string path in wanted.Select(ImageStore.PathOf))
            ImageStore.Ensure(path);
        return (int)ExitCode.Success;
    }
}
