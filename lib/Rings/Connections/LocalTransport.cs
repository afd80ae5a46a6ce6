using System;
using System.Threading;

namespace Microkernel.Rings;

/// <summary>Two sides in one process, for tests and tools.</summary>
public sealed class LocalTransport : RingTransport
{
    private readonly byte[] _memory;
    private readonly Signal _own;
    private readonly Signal _peer;

    private LocalTransport(byte[] memory, Signal own, Signal peer, bool isSecond)
    {
        _memory = memory;
        _own = own;
        _peer = peer;
        IsSecond = isSecond;
    }

    /// <inheritdoc/>
    public override bool IsSecond { get; }

    /// <inheritdoc/>
    public override Span<byte> Memory => _memory;

    /// <inheritdoc/>
    public override bool IsConnected => !_own.IsOver;

    /// <summary>Makes both sides of a ring with a size of memory.</summary>
    public static (LocalTransport First, LocalTransport Second) CreatePair(int ringSize)
    {
        var memory = new byte[ringSize];
        Signal first = new(), second = new();
        return (new(memory, first, second, isSecond: false), new(memory, second, first, isSecond: true));
    }

    /// <inheritdoc/>
    public override void Notify() => _peer.Set();

    /// <inheritdoc/>
    public override void Wait(TimeSpan timeout) => _own.Wait(timeout);

    /// <inheritdoc/>
    public override void Disconnect()
    {
        _own.End();
        _peer.End();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }
}
