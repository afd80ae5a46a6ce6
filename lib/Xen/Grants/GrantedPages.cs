using System;
using System.Collections.Generic;

namespace Microkernel.Xen;

/// <summary>Pages of this domain that another one may map.</summary>
public sealed class GrantedPages : IDisposable
{
    private readonly MappedPages _memory;

    internal GrantedPages(MappedPages memory, uint[] references)
    {
        _memory = memory;
        References = references;
    }

    /// <summary>What the other domain maps, one reference for each page.</summary>
    public IReadOnlyList<uint> References { get; }

    /// <summary>The pages, one after the other. A span of them must not be used after <see cref="Dispose"/>.</summary>
    public Span<byte> Bytes => _memory.Bytes;

    /// <summary>Takes the grants back; what the other domain still maps, the kernel takes back when that ends.</summary>
    public void Dispose() => _memory.Dispose();
}
