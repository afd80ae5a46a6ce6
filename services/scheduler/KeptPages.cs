using System;
using Microkernel.Xen;

namespace Microkernel.Services.Scheduler;

/// <summary>The memory that the core keeps for the next incarnation.</summary>
internal sealed class KeptPages : KeptMemory, IDisposable
{
    private readonly MappedPages _pages;

    internal KeptPages(MappedPages pages) => _pages = pages;

    public override Span<byte> Bytes => _pages.Bytes;

    public void Dispose() => _pages.Dispose();
}
