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
        UsePackage(series, flavour, folder => MoveImage(folder, file));

    /// <summary>Puts a kernel, unpacked, into a file, and some of its modules into an archive for its initial file system.</summary>
    /// <param name="series">The series.</param>
    /// <param name="flavour">cloud or generic.</param>
    /// <param name="file">The file to make for the kernel.</param>
    /// <param name="modules">The modules' names; they are found in lib/modules.</param>
    /// <param name="modulesFile">The archive to make, without compression.</param>
    public void FetchUnpacked(string series, string flavour, string file, IReadOnlyList<string> modules, string modulesFile) =>
        UsePackage(series, flavour, folder =>
        {
            KernelUnpacker.Unpack(ImageIn(folder), file);
            WriteModules(folder, modules, modulesFile);
        });

    private void UsePackage(string series, string flavour, Action<string> use)
    {
        Apt apt = Apt.OfMachine();
        string? package = Newest(apt.NamesWith($"linux-image-{series}."), series, flavour);
        if (package is null)
        {
            apt = Apt.OfSuite(SuiteWith(series), Path.Combine(_work, $"apt-{series}"));
            package = Newest(apt.NamesWith($"linux-image-{series}."), series, flavour)
                ?? throw new MkException(ExitCode.Usage, $"neither this machine's package sources nor the suite {SuiteWith(series)} has a {flavour} kernel {series}");
        }
        string folder = Path.Combine(_work, package);
        apt.Unpack([package], folder);
        use(folder);
        Directory.Delete(folder, recursive: true);
    }

    private static void MoveImage(string folder, string file) => File.Move(ImageIn(folder), file, overwrite: true);

    private static string ImageIn(string folder) => Directory.GetFiles(Path.Combine(folder, "boot"), "vmlinuz-*").Single();

    private static void WriteModules(string folder, IReadOnlyList<string> modules, string file)
    {
        using FileStream output = File.Create(file);
        using var archive = new CpioWriter(output);
        archive.AddDirectory("lib");
        archive.AddDirectory("lib/modules");
        foreach (string module in modules)
        {
            string[] found = Directory.GetFiles(Path.Combine(folder, "lib/modules"), module + ".ko", SearchOption.AllDirectories);
            if (found.Length != 1)
                throw new MkException(ExitCode.Usage, $"{Path.GetFileName(folder)} has no module {module}.ko");
            archive.AddFile($"lib/modules/{module}.ko", File.ReadAllBytes(found[0]));
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
