using System;
using System.Threading;

namespace Microkernel.Services.Toolstack.Content;

/// <summary>A complete file of the content store that stays there until this is disposed of.</summary>
internal sealed class PinnedContent : IDisposable
{
    private readonly ContentStore _store;
    private readonly ContentEntry _entry;
    private int _isOver;

    internal PinnedContent(ContentStore store, ContentEntry entry) => (_store, _entry) = (store, entry);

    /// <summary>The file's bytes.</summary>
    internal ReadOnlySpan<byte> Bytes => _store.BytesOf(_entry);

    /// <summary>Whether its bytes have its hash. Looked at once in each incarnation of the toolstack.</summary>
    internal bool Verify() => _store.Verify(_entry);

    /// <summary>Lets go of it.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isOver, 1) == 0)
            _store.Unpin(_entry);
    }
}
