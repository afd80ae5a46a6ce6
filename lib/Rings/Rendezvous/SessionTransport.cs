using System;
using System.Threading;

namespace Microkernel.Rings;

/// <summary>A ring from the moment when both sides have joined each other until one of them begins again.</summary>
internal sealed class SessionTransport : RingTransport
{
    /// <summary>
    /// A first side that begins again cannot ring, because the second one's bell went with the old channel: the second one looks
    /// by itself now and then.
    /// </summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(250);

    private readonly RingWiring _wiring;
    private readonly uint _peerEpoch;
    private volatile bool _isOver;

    internal SessionTransport(RingWiring wiring, uint peerEpoch)
    {
        _wiring = wiring;
        _peerEpoch = peerEpoch;
    }

    /// <inheritdoc/>
    public override bool IsSecond => _wiring.IsSecond;

    /// <inheritdoc/>
    public override Span<byte> Memory => RendezvousLayout.Queues(_wiring.Memory);

    /// <inheritdoc/>
    public override bool IsConnected =>
        !_isOver && RendezvousLayout.Read(_wiring.Memory, !IsSecond, RendezvousLayout.Epoch) == _peerEpoch;

    /// <inheritdoc/>
    public override void Notify() => _wiring.Ring();

    /// <inheritdoc/>
    public override void Wait(TimeSpan timeout)
    {
        if (!_isOver)
            _wiring.Wait(IsSecond && (timeout == Timeout.InfiniteTimeSpan || timeout > LookAgain) ? LookAgain : timeout);
    }

    /// <inheritdoc/>
    public override void Disconnect()
    {
        _isOver = true;
        _wiring.Interrupt();
    }

    /// <summary>The other side hears that this one has closed. The memory is the wiring's, and the next session has it again.</summary>
    protected override void Dispose(bool disposing) => _wiring.Ring();
}
