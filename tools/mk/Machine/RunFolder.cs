using System;
using System.IO;
using Mk.Boot;

namespace Mk.Machine;

/// <summary>
/// A folder for the sockets and links of one run, gone after it. Its path is short, because the path of a Unix socket
/// has at most 107 bytes.
/// </summary>
public sealed class RunFolder : IDisposable
{
    private const int LongestParent = 60;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Creates the folder.</summary>
    public RunFolder()
    {
        string parent = System.IO.Path.GetTempPath();
        if (parent.Length > LongestParent)
            parent = "/tmp";
        Path = Directory.CreateDirectory(System.IO.Path.Combine(parent, "mk-" + Guid.NewGuid().ToString("N")[..12]), OwnerOnly).FullName;
    }

    /// <summary>The folder's full path.</summary>
    public string Path { get; }

    /// <summary>The full path of a file in it.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Links the core, the manifest and the modules into the folder, under the names QEMU is told.</summary>
    public void Fill(BootSet set)
    {
        System.IO.File.CreateSymbolicLink(File(QemuCommandLine.CoreFile), Repository.Core);
        set.LinkInto(Path);
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Path, recursive: true);
}
