using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Mk;

/// <summary>The core's image, built when it is missing or older than its sources.</summary>
public static class CoreImage
{
    /// <summary>Builds the core if need be.</summary>
    /// <exception cref="MkException">The build failed; the message has the compiler's words.</exception>
    public static void Ensure()
    {
        if (IsUpToDate(Repository.Core, Sources()))
            return;
        Say.While("building the core", static () => Tool.Run(
            "dotnet", ["build", "kernel/Platform", "--nologo", "-v", "q", "-maxcpucount:2"], Repository.Root));
        if (!File.Exists(Repository.Core))
            throw new MkException(ExitCode.Usage, "the build of kernel/Platform went through but made no out/core.elf");
        // A build that found nothing to do keeps the old time; the sources have been looked at now.
        File.SetLastWriteTimeUtc(Repository.Core, DateTime.UtcNow);
    }

    /// <summary>Whether a file exists and is newer than all its sources.</summary>
    public static bool IsUpToDate(string made, IEnumerable<string> sources)
    {
        if (!File.Exists(made))
            return false;
        DateTime time = File.GetLastWriteTimeUtc(made);
        return sources.All(source => File.GetLastWriteTimeUtc(source) <= time);
    }

    private static IEnumerable<string> Sources() =>
        Directory.EnumerateFiles(Repository.InRoot("kernel"), "*", SearchOption.AllDirectories)
            .Where(static f => !f.Contains("/bin/", StringComparison.Ordinal) && !f.Contains("/obj/", StringComparison.Ordinal))
            .Concat(Directory.EnumerateFiles(Repository.Root, "Directory.*.props"));
}
