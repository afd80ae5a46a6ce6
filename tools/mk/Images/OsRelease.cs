using System;
using System.IO;
using System.Linq;

namespace Mk.Images;

/// <summary>What os-release(5) says about this machine.</summary>
public static class OsRelease
{
    /// <summary>Debian's name for its release, for example bookworm.</summary>
    public static string Codename() => Field(File.ReadAllLines("/etc/os-release"), "VERSION_CODENAME") ?? "unknown";

    /// <summary>A field of the file, its quotes removed; null when it is missing.</summary>
    public static string? Field(string[] lines, string name) =>
        lines.Where(l => l.StartsWith(name + "=", StringComparison.Ordinal))
            .Select(l => l[(name.Length + 1)..].Trim().Trim('"', '\'')).FirstOrDefault();
}
