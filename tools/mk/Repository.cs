using System;
using System.IO;

namespace Mk;

/// <summary>Where things are in the source tree.</summary>
public static class Repository
{
    /// <summary>The folder that holds Microkernel.sln.</summary>
    public static string Root { get; } = Find();

    /// <summary>The folder for everything that is made.</summary>
    public static string Out => InRoot("out");

    /// <summary>The core's image.</summary>
    public static string Core => InRoot("out/core.elf");

    /// <summary>A full path from one that starts at the root.</summary>
    public static string InRoot(string path) => Path.Combine(Root, path);

    private static string Find()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Microkernel.sln")))
                return folder;
        }
        throw new MkException(ExitCode.Usage, "this program must stay inside the source tree it was built in (no Microkernel.sln above it)");
    }
}
