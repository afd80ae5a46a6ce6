using System.CommandLine;
using System.IO;
using System.Linq;
using Mk.Control;

namespace Mk.Commands;

/// <summary><c>mk clean</c>: deletes what was made.</summary>
public static class CleanCommand
{
    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        var images = new Option<bool>("--images") { Description = "Delete the downloaded kernels and file systems too" };
        var command = new Command("clean", "Delete everything that was made, except out/images.") { images };
        command.SetAction(parsed => Clean(parsed.GetValue(images)));
        return command;
    }

    private static int Clean(bool withImages)
    {
        if (SystemState.Read() is { Daemon.IsAlive: true })
            throw new MkException(ExitCode.Usage, "a system is running, and its files are in out/; end it with 'mk down' first");
        foreach (string entry in Directory.Exists(Repository.Out) ? Directory.GetFileSystemEntries(Repository.Out) : [])
        {
            if (entry == Images.ImageStore.Folder && !withImages)
                continue;
            if (Directory.Exists(entry))
                Directory.Delete(entry, recursive: true);
            else
                File.Delete(entry);
        }
        foreach (string project in Directory.GetFiles(Repository.Root, "*.csproj", SearchOption.AllDirectories))
            CleanProject(Path.GetDirectoryName(project)!);
        return (int)ExitCode.Success;
    }

    /// <summary>Deletes a project's output, but not that of the program that is running.</summary>
    private static void CleanProject(string folder)
    {
        foreach (string made in new[] { "bin", "obj" }.Select(name => Path.Combine(folder, name)))
        {
            if (Directory.Exists(made) && folder != Repository.InRoot("tools/mk"))
                Directory.Delete(made, recursive: true);
        }
    }
}
