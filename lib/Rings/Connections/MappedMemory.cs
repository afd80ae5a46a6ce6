using System;
using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Microkernel.Rings;

/// <summary>A file's first bytes in memory, as a span. The one place here that the compiler cannot check.</summary>
public sealed class MappedMemory : IDisposable
{
    private readonly MemoryMappedViewAccessor _view;
    private readonly int _size;

    /// <summary>Maps so many bytes of a file.</summary>
    public MappedMemory(MemoryMappedFile file, int size)
    {
        _view = file.CreateViewAccessor(0, size);
        _size = size;
    }

    // Sound: the view is mapped from its start (PointerOffset is 0 for offset 0) over the size it was made with, and
    // ObjectDisposedException comes instead of its address afterwards. Whoever holds the span must not let it outlive
    // Dispose, which the contracts of RingTransport and RingWiring demand.

    /// <summary>The bytes, until <see cref="Dispose"/>.</summary>
    public Span<byte> Bytes
    {
        get
        {
            SafeHandle view = _view.SafeMemoryMappedViewHandle;
            ObjectDisposedException.ThrowIf(view.IsClosed, this);
            return MemoryMarshal.CreateSpan(ref Unsafe.AddByteOffset(ref Unsafe.NullRef<byte>(), view.DangerousGetHandle()), _size);
        }
    }

    /// <summary>Unmaps the file.</summary>
    public void Dispose() => _view.Dispose();
}
