using System;
using System.Globalization;
using System.IO;
using System.Text;

namespace Mk.Images;

/// <summary>
/// Writes an archive in cpio's "newc" format, which Linux unpacks as its initial file system
/// (Documentation/driver-api/early-userspace/buffer-format.rst). Owner is always root and time always 0, so that equal
/// contents make equal archives.
/// </summary>
public sealed class CpioWriter : IDisposable
{
    private const int Directory = 0x4000, CharacterDevice = 0x2000, RegularFile = 0x8000, SymbolicLink = 0xa000;

    private readonly Stream _output;
    private uint _inode;
    private long _written;

    /// <summary>Writes to a stream, which stays open.</summary>
    public CpioWriter(Stream output) => _output = output;

    /// <summary>Adds a directory.</summary>
    /// <param name="name">Its name without a leading slash; parents come first.</param>
    /// <param name="mode">Its permission bits.</param>
    public void AddDirectory(string name, int mode = 0x1ed) => Add(name, Directory | mode, []);

    /// <summary>Adds a regular file.</summary>
    public void AddFile(string name, ReadOnlySpan<byte> contents, bool executable = false) =>
        Add(name, RegularFile | (executable ? 0x1ed : 0x1a4), contents);

    /// <summary>Adds a symbolic link.</summary>
    public void AddLink(string name, string target) => Add(name, SymbolicLink | 0x1ff, Encoding.UTF8.GetBytes(target));

    /// <summary>Adds a character device.</summary>
    public void AddDevice(string name, uint major, uint minor) => Add(name, CharacterDevice | 0x180, [], major, minor);

    /// <summary>Writes the end of the archive.</summary>
    public void Dispose() => Add("TRAILER!!!", 0, []);

    private void Add(string name, int mode, ReadOnlySpan<byte> contents, uint major = 0, uint minor = 0)
    {
        byte[] nameBytes = [.. Encoding.UTF8.GetBytes(name), 0];
        const uint Owner = 0, Group = 0, Links = 1, Time = 0, Device = 0, Check = 0;
        uint[] fields =
        [
            ++_inode, (uint)mode, Owner, Group, Links, Time, checked((uint)contents.Length), Device, Device, major, minor,
            (uint)nameBytes.Length, Check,
        ];
        var header = new StringBuilder("070701");
        foreach (uint field in fields)
            header.Append(field.ToString("X8", CultureInfo.InvariantCulture));
        Write(Encoding.ASCII.GetBytes(header.ToString()));
        Write(nameBytes);
        Align();
        Write(contents);
        Align();
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        _output.Write(bytes);
        _written += bytes.Length;
    }

    private void Align() => Write(new byte[-_written & 3]);
}
