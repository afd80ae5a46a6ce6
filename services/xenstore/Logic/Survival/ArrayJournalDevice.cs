using System;

namespace Microkernel.XenStore;

/// <summary>A journal in the process's own memory, for tests.</summary>
public sealed class ArrayJournalDevice : FixedJournalDevice
{
    private readonly byte[] _memory;

    /// <summary>Takes over memory: zeroes, or what an earlier journal left.</summary>
    public ArrayJournalDevice(byte[] memory) => _memory = memory;

    /// <inheritdoc/>
    protected override Span<byte> Memory => _memory;

    /// <inheritdoc/>
    public override void Dispose()
    {
    }
}
