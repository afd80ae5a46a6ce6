using System;
using Microkernel.Xen;

namespace Microkernel.XenStore.DomainMode;

/// <summary>A journal in the memory that the core keeps for the store's next incarnation.</summary>
internal sealed class KeptJournalDevice : FixedJournalDevice
{
    private readonly MappedPages _pages;

    internal KeptJournalDevice(MappedPages pages) => _pages = pages;

    protected override Span<byte> Memory => _pages.Bytes;

    public override void Dispose() => _pages.Dispose();
}
