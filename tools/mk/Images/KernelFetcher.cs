using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace Mk.Images;

/// <summary>Gets Debian's kernels: the newest image of a series, taken out of its package.</summary>
public sealed class KernelFetcher
{
    private readonly string _work;

    /// <summary>Works in a folder, which it may leave behind for the next time.</summary>
    public KernelFetcher(string work) => _work = work;

    /// <summary>Puts a kernel's image into a file.</summary>
    /// <param name="series">The series, for example 6.1.</param>
    /// <param name="flavour">cloud or generic.</param>
    /// <param name="file">The file to make.</param>
    /// <exception cref="MkException">No package source of this machine has such a kernel.</exception>
    public void Fetch(string series, string flavour, string file) =>
        UsePackage(series, $"linux-image-{series}.", $"of a {flavour} kernel {series}", names => Newest(names, series, flavour), folder =>
            File.Move(Directory.GetFiles(Path.Combine(folder, "boot"), "vmlinuz-*").Single(), file, overwrite: true));

    /// <summary>Unpacks a kernel's source for a while.</summary>
    /// <param name="series">The series, for example 6.1.</param>
    /// <param name="use">Is given the folder of the source, which is gone afterwards.</param>
    /// <exception cref="MkException">No package source of this machine has it.</exception>
    public void UseSource(string series, Action<string> use)
    {
        string package = "linux-source-" + series;
        UsePackage(series, package, package, names => names.FirstOrDefault(name => name == package), folder =>
        {
            Tool.Run("tar", ["-xJf", Path.Combine(folder, "usr/src", package + ".tar.xz"), "-C", folder]);
            use(Path.Combine(folder, package));
        });
    }

    private void UsePackage(string series, string prefix, string wanted, Func<IEnumerable<string>, string?> choose, Action<string> use)
    {
        Apt apt = Apt.OfMachine();
        string? package = choose(apt.NamesWith(prefix));
        if (package is null)
        {
            apt = Apt.OfSuite(SuiteWith(series), Path.Combine(_work, $"apt-{series}"));
            package = choose(apt.NamesWith(prefix))
                ?? throw new MkException(ExitCode.Usage, $"neither this machine's package sources nor the suite {SuiteWith(series)} has the package {wanted}: add a source of Debian's main component to apt that has it, then run apt-get update");
        }
        string folder = Path.Combine(_work, package);
        try
        {
            apt.Unpack([package], folder);
            use(folder);
        }
        finally
        {
            // Also after a failure: a kernel's source is large, and what is left of it would be in the way of the next one.
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The newest package of a series among the given names; null when there is none.</summary>
    public static string? Newest(IEnumerable<string> packages, string series, string flavour)
    {
        string kind = flavour == "cloud" ? "-cloud" : "";
        var name = new Regex($@"^linux-image-{Regex.Escape(series)}\.(?<version>[0-9][0-9.-]*)(\+deb[0-9]+(\.[0-9]+)?|\+bpo)?{kind}-amd64$");
        return packages.Select(p => name.Match(p)).Where(static m => m.Success)
            .OrderBy(static m => m.Groups["version"].Value, Comparer<string>.Create(CompareVersions))
            .LastOrDefault()?.Value;
    }

    private static string SuiteWith(string series) => (series, OsRelease.Codename()) switch
    {
        ("6.1", _) => "bookworm",
        (_, "bookworm") => "bookworm-backports",
        _ => "trixie",
    };

    /// <summary>Compares versions number by number: 0-9 is before 0-10.</summary>
    private static int CompareVersions(string? a, string? b)
    {
        static IEnumerable<int> Numbers(string? text) =>
            (text ?? "").Split('.', '-').Select(static n => int.TryParse(n, out int value) ? value : 0);
        return Numbers(a).Zip(Numbers(b), static (x, y) => x.CompareTo(y)).FirstOrDefault(static order => order != 0);
    }
}
