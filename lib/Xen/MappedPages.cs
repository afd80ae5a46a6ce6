using System;
using Microkernel.Xen.Native;

namespace Microkernel.Xen;

/// <summary>
/// Pages that somebody else may see or change at any time: read a word once, by <see cref="System.Threading.Volatile"/>, and then
/// check it. A span of them must not be used after <see cref="Dispose"/>.
/// </summary>
public sealed class MappedPages : IDisposable
{
    private readonly Mapping _memory;
    private readonly Action? _release;

    internal MappedPages(Mapping memory, Action? release = null)
    {
        _memory = memory;
        _release = release;
    }

    /// <summary>The bytes.</summary>
    public Span<byte> Bytes => _memory.Bytes;

    /// <summary>Unmaps the pages.</summary>
    public void Dispose()
    {
        if (_memory.IsClosed)
            return;
        _memory.Dispose();
        _release?.Invoke();
    }
}
