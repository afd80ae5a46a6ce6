using System.IO;
using System.Linq;
using Mk.Images;

namespace Mk.SystemTests;

/// <summary>The small Linux programs of Programs/, which measure from inside of a guest, in an initial file system of their own.</summary>
internal static class GuestPrograms
{
    private static readonly string[] s_names = ["timeline", "wakeups"];

    /// <summary>Compiles them, and writes the file system.</summary>
    /// <returns>Its path.</returns>
    public static string WriteInitramfs()
    {
        string folder = Directory.CreateDirectory(Repository.InRoot("out/guest-programs")).FullName;
        foreach (string name in s_names)
            Tool.Run("gcc", ["-O2", "-static", "-s", "-Wall", "-Wextra", "-Werror", "-o", Path.Combine(folder, name), Repository.InRoot($"tests/System/Programs/{name}.c")]);

        string file = Path.Combine(folder, "programs.initramfs");
        Initramfs.Write(file, [.. s_names.Select(name => ("usr/bin/" + name, Path.Combine(folder, name)))]);
        return file;
    }
}
