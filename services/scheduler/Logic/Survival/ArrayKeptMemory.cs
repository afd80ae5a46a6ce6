using System;

namespace Microkernel.Services.Scheduler;

/// <summary>Memory of this program only: for a manifest that gives the service no kept memory, and for tests.</summary>
public sealed class ArrayKeptMemory : KeptMemory
{
    private readonly byte[] _bytes;

    /// <summary>So many bytes.</summary>
    public ArrayKeptMemory(int size) => _bytes = new byte[size];

    /// <inheritdoc/>
    public override Span<byte> Bytes => _bytes;
}
