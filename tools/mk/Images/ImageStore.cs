using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Mk.Images;

/// <summary>
/// The files below out/images that this program knows how to make. A configuration file names them by path like any
/// other file; they appear when they are first needed.
/// </summary>
public static class ImageStore
{
    /// <summary>The folder of the images.</summary>
    public static string Folder => Repository.InRoot("out/images");

    private static readonly string[] XenStorePrograms =
        [.. new[] { "chmod", "exists", "list", "ls", "read", "rm", "watch", "write" }.Select(static p => "xenstore-" + p)];

    /// <summary>The known files and what makes each.</summary>
    private static readonly Dictionary<string, ImageMaker> Makers = AllMakers();

    /// <summary>The names of the known files.</summary>
    public static IReadOnlyCollection<string> Names => Makers.Keys;

    private static Dictionary<string, ImageMaker> AllMakers()
    {
        var makers = new Dictionary<string, ImageMaker>
        {
            ["debian-6.1-cloud.vmlinuz"] = new(static file => Fetch("6.1", "cloud", file)),
            ["debian-6.1-generic.vmlinuz"] = new(static file => Fetch("6.1", "generic", file)),
            ["debian-6.12-cloud.vmlinuz"] = new(static file => Fetch("6.12", "cloud", file)),
            ["debian-6.12-generic.vmlinuz"] = new(static file => Fetch("6.12", "generic", file)),
            ["busybox.initramfs"] = new(static file => Initramfs.Write(file, []), Initramfs.Recipe),
            ["stress.initramfs"] = new(static file => WriteWith(file, "stress-ng", "stress-ng"), Initramfs.Recipe),
            ["xenstore.initramfs"] = new(static file => WriteWith(file, "xenstore-utils", XenStorePrograms), Initramfs.Recipe),
            [ServiceKernel.FileName] = new(static file => ServiceKernel.Write(Work, file), ServiceKernel.Recipe),
        };
        foreach (ServiceImage image in ServiceImage.FindAll())
            makers.Add(image.FileName, new ImageMaker(image.Write, image.Recipe));
        return makers;
    }

    private static string Work => Repository.InRoot("out/work");

    /// <summary>The full path of a known file.</summary>
    public static string PathOf(string name) => Path.Combine(Folder, name);

    /// <summary>Makes sure that a file exists: makes it if it is a known one and missing or out of date.</summary>
    /// <exception cref="MkException">It is missing and nobody knows how to make it, or making it failed.</exception>
    public static void Ensure(string path)
    {
        if (Path.GetDirectoryName(path) == Folder && Makers.TryGetValue(Path.GetFileName(path), out ImageMaker? maker))
            Make(path, maker);
        else if (!File.Exists(path))
            throw new MkException(ExitCode.Usage, $"{path}: no such file{Hint(path)}");
    }

    private static void Make(string path, ImageMaker maker)
    {
        Directory.CreateDirectory(Folder);
        Directory.CreateDirectory(Work);
        // Several runs may start at once: one makes the file, the others wait for it.
        using FileStream turn = Turn.Take(Path.Combine(Work, Path.GetFileName(path) + ".lock"));
        string recipe = maker.Recipe();
        string recipeFile = Path.Combine(Work, Path.GetFileName(path) + ".recipe");
        if (File.Exists(path) && File.Exists(recipeFile) && File.ReadAllText(recipeFile) == recipe)
            return;
        string partial = path + ".partial";
        Say.While($"preparing {Path.GetRelativePath(Repository.Root, path)}", () =>
        {
            maker.Write(partial);
            return 0;
        });
        File.Move(partial, path, overwrite: true);
        File.WriteAllText(recipeFile, recipe);
    }

    private static void WriteWith(string file, string package, params IReadOnlyList<string> programs)
    {
        string unpacked = Path.Combine(Work, package);
        if (Directory.Exists(unpacked))
            Directory.Delete(unpacked, recursive: true);
        Initramfs.Write(file, Initramfs.Programs(package, unpacked, programs));
        Directory.Delete(unpacked, recursive: true);
    }

    private static void Fetch(string series, string flavour, string file) => new KernelFetcher(Work).Fetch(series, flavour, file);

    private static string Hint(string path) =>
        Path.GetDirectoryName(path) == Folder ? $"; mk can make these in that folder: {string.Join(", ", Names)}" : "";
}
