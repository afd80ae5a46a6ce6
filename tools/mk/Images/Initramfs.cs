using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text;

namespace Mk.Images;

/// <summary>
/// Makes initial file systems with Debian's static busybox: an init, a shell with job control on hvc0, and in some of them further
/// programs of Debian with the libraries they need.
/// </summary>
public static class Initramfs
{
    private const string Busybox = "/bin/busybox";

    /// <summary>Text that changes whenever the result would.</summary>
    public static string Recipe() =>
        string.Join('\n', EmbeddedFiles.Select(Embedded)) + File.GetLastWriteTimeUtc(Busybox).ToString("O");

    private static readonly string[] EmbeddedFiles = ["inittab", "rc", "profile", "fstab"];

    /// <summary>Writes the file system.</summary>
    /// <param name="file">The file to make, compressed with gzip.</param>
    /// <param name="added">Further files: name inside without a leading slash, and path here.</param>
    public static void Write(string file, IReadOnlyList<(string Name, string Path)> added)
    {
        using var output = new GZipStream(File.Create(file), CompressionLevel.Optimal);
        using var archive = new CpioWriter(output);
        var directories = new HashSet<string>();
        foreach (string name in new[] { "bin", "dev", "etc", "proc", "root", "sbin", "sys", "tmp", "usr/bin", "usr/sbin", "var/run" })
            AddDirectories(archive, directories, name);
        archive.AddDevice("dev/console", 5, 1);
        archive.AddDevice("dev/null", 1, 3);
        archive.AddFile("bin/busybox", File.ReadAllBytes(Busybox), executable: true);
        archive.AddLink("init", "/bin/busybox");
        foreach (string applet in Tool.Run(Busybox, ["--list-full"]).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            AddApplet(archive, directories, applet);
        archive.AddFile("etc/inittab", Encoding.UTF8.GetBytes(Embedded("inittab")));
        archive.AddFile("etc/rc", Encoding.UTF8.GetBytes(Embedded("rc")), executable: true);
        archive.AddFile("etc/profile", Encoding.UTF8.GetBytes(Embedded("profile")));
        archive.AddFile("etc/fstab", Encoding.UTF8.GetBytes(Embedded("fstab")));
        archive.AddFile("etc/passwd", "root::0:0:root:/root:/bin/sh\n"u8);
        archive.AddFile("etc/group", "root:x:0:\n"u8);
        foreach ((string name, string path) in added)
        {
            AddDirectories(archive, directories, Path.GetDirectoryName(name)!);
            archive.AddFile(name, File.ReadAllBytes(path), executable: true);
        }
    }

    /// <summary>Programs of a package of Debian, unpacked below a folder, with the shared libraries they load.</summary>
    public static IReadOnlyList<(string Name, string Path)> Programs(string package, string folder, params IReadOnlyList<string> names)
    {
        Apt apt = Apt.OfMachine();
        apt.Unpack(apt.WithDependencies(package), folder);
        string[] programs = [.. names.Select(name => Path.Combine(folder, "usr/bin", name))];
        string[] libraries = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"];
        string search = string.Join(':', libraries.Select(l => Path.Combine(folder, l)));
        // The loader resolves libraries of libraries too; it is told to look into the unpacked packages first.
        IEnumerable<string> found = Tool.Run("env", ["LD_LIBRARY_PATH=" + search, "ldd", .. programs])
            .Split('\n').Select(static l => l.Trim().Split(' ')).Where(static w => w.Length >= 4 && w[1] == "=>").Select(static w => w[2]);
        return
        [
            .. programs.Select(static path => ("usr/bin/" + Path.GetFileName(path), path)),
            ("lib64/ld-linux-x86-64.so.2", "/lib64/ld-linux-x86-64.so.2"),
            .. found.Distinct().Select(static path => ("lib/" + Path.GetFileName(path), path)),
        ];
    }

    private static void AddApplet(CpioWriter archive, HashSet<string> directories, string applet)
    {
        if (applet is "bin/busybox")
            return;
        AddDirectories(archive, directories, Path.GetDirectoryName(applet)!);
        archive.AddLink(applet, "/bin/busybox");
    }

    private static void AddDirectories(CpioWriter archive, HashSet<string> known, string name)
    {
        if (name.Length == 0 || !known.Add(name))
            return;
        AddDirectories(archive, known, Path.GetDirectoryName(name)!);
        archive.AddDirectory(name, name == "tmp" ? 0x3ff : 0x1ed);
    }

    private static string Embedded(string name)
    {
        using Stream stream = typeof(Initramfs).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"no embedded file {name}");
        return new StreamReader(stream).ReadToEnd();
    }
}
