using System;

namespace Microkernel.Rings;

/// <summary>
/// One incarnation of one of two services in one process, for tests and tools. Event channels are as between domains: a second
/// side's bell is dead once the first one began again, until it connects to the new channel.
/// </summary>
public sealed class LocalWiring : RingWiring
{
    private readonly LocalWire _wire;
    private readonly Signal _bell = new();

    internal LocalWiring(LocalWire wire, bool isSecond)
    {
        _wire = wire;
        IsSecond = isSecond;
    }

    /// <inheritdoc/>
    public override bool IsSecond { get; }

    /// <inheritdoc/>
    public override Span<byte> Memory => _wire.MemoryOf(this);

    /// <inheritdoc/>
    public override uint Listen() => _wire.Listen(this);

    /// <inheritdoc/>
    public override bool Connect(uint port) => _wire.Connect(this, port);

    /// <inheritdoc/>
    public override void Ring() => _wire.PeerOf(this)?._bell.Set();

    /// <inheritdoc/>
    public override void Wait(TimeSpan timeout) => _bell.Wait(timeout);

    /// <inheritdoc/>
    public override void Interrupt() => _bell.Set();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _bell.End();
        _wire.End(this);
    }
}
