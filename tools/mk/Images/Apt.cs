using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Mk.Images;

/// <summary>Asks Debian's package manager for packages and unpacks them; nothing is installed.</summary>
public sealed class Apt
{
    private readonly IReadOnlyList<string> _options;

    private Apt(IReadOnlyList<string> options) => _options = options;

    /// <summary>The machine's own package sources.</summary>
    public static Apt OfMachine() => new([]);

    /// <summary>
    /// One suite of the archive that the machine itself uses, in a configuration of its own below
    /// <paramref name="folder"/>; /etc is only read.
    /// </summary>
    /// <exception cref="MkException">The machine has no source of its own release, or the suite cannot be read.</exception>
    public static Apt OfSuite(string suite, string folder)
    {
        string sources = Path.Combine(folder, "sources");
        foreach (string name in new[] { "sources", "lists/partial", "cache/archives/partial" })
            Directory.CreateDirectory(Path.Combine(folder, name));
        string release = OsRelease.Codename();
        AptSource source = AptSource.OfMachine(release)
            ?? throw new MkException(ExitCode.Usage, $"apt has no source of Debian {release}, component main: add one, then run apt-get update");
        File.WriteAllText(Path.Combine(sources, "mk.sources"), source.Entry(suite));
        var apt = new Apt(
        [
            "-o", "Dir::Etc::sourcelist=/dev/null",
            "-o", $"Dir::Etc::sourceparts={sources}",
            "-o", "Dir::Etc::preferences=/dev/null",
            "-o", "Dir::Etc::preferencesparts=/dev/null",
            "-o", $"Dir::State::lists={Path.Combine(folder, "lists")}",
            "-o", $"Dir::Cache={Path.Combine(folder, "cache")}",
            "-o", "APT::Sandbox::User=root",
        ]);
        Tool.Run("apt-get", [.. apt._options, "-q", "update"]);
        return apt;
    }

    /// <summary>The names of the packages that start with <paramref name="prefix"/>.</summary>
    public IReadOnlyList<string> NamesWith(string prefix) =>
        Tool.Run("apt-cache", [.. _options, "pkgnames", prefix]).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>A package and everything it needs, by name, without what is only recommended.</summary>
    public IReadOnlyList<string> WithDependencies(string package) =>
        [.. Tool.Run("apt-cache",
            [
                .. _options, "depends", "--recurse", "--no-recommends", "--no-suggests", "--no-conflicts", "--no-breaks",
                "--no-replaces", "--no-enhances", package,
            ])
            .Split('\n')
            .Where(static line => line.Length > 0 && char.IsAsciiLetterOrDigit(line[0]))
            .Distinct()];

    /// <summary>Downloads packages and unpacks them into a folder.</summary>
    public void Unpack(IEnumerable<string> packages, string folder)
    {
        string debs = Directory.CreateDirectory(folder + ".debs").FullName;
        Directory.CreateDirectory(folder);
        Tool.Run("apt-get", [.. _options, "-q", "-o", "APT::Sandbox::User=root", "download", .. packages], debs);
        foreach (string deb in Directory.GetFiles(debs, "*.deb"))
            Tool.Run("dpkg-deb", ["-x", deb, folder]);
        Directory.Delete(debs, recursive: true);
    }
}
