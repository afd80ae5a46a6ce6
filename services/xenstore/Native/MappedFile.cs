using System;
using System.IO;
using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Microkernel.XenStore.Native;

/// <summary>A file's bytes in memory: what is written is in the file, even if this process is killed the next moment.</summary>
internal sealed class MappedFile : IDisposable
{
    private readonly FileStream _file;
    private MemoryMappedViewAccessor? _view;
    private int _size;

    /// <summary>Opens a file, or makes an empty one, that only its owner can read.</summary>
    internal MappedFile(string path)
    {
        _file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        if (_file.Length > 0)
            Map((int)Math.Min(_file.Length, int.MaxValue));
    }

    // Sound: the view is mapped from its start over _size bytes, and nobody keeps a span over Resize or Dispose, which only the thread
    // calls that uses the spans.

    /// <summary>The bytes; counts until <see cref="Resize"/> or <see cref="Dispose"/>.</summary>
    internal Span<byte> Bytes
    {
        get
        {
            if (_view is null)
                return default;
            SafeHandle handle = _view.SafeMemoryMappedViewHandle;
            ObjectDisposedException.ThrowIf(handle.IsClosed, this);
            return MemoryMarshal.CreateSpan(ref Unsafe.AddByteOffset(ref Unsafe.NullRef<byte>(), handle.DangerousGetHandle()), _size);
        }
    }

    /// <summary>Makes the file larger; what is new is zero.</summary>
    internal void Resize(int size)
    {
        _view?.Dispose();
        _view = null;
        _file.SetLength(size);
        Map(size);
    }

    /// <summary>Closes it.</summary>
    public void Dispose()
    {
        _view?.Dispose();
        _file.Dispose();
    }

    private void Map(int size)
    {
        using var mapped = MemoryMappedFile.CreateFromFile(_file, null, size, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
        _view = mapped.CreateViewAccessor(0, size);
        _size = size;
    }
}
