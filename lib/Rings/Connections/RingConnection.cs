using System;
using System.Threading;

namespace Microkernel.Rings;

/// <summary>
/// One side of a ring: sends messages on one queue and receives on the other, and waits with a limit. Any number of threads
/// may use it; messages are sent and received one at a time.
/// </summary>
public sealed class RingConnection : IDisposable
{
    private readonly Lock _sending = new();
    private readonly Lock _receiving = new();
    private readonly RingTransport _transport;
    private readonly SharedWait _wait;
    private readonly RingWriter _writer;
    private readonly RingReader _reader;
    private readonly Func<bool> _writerMustWait;
    private readonly Func<bool> _readerMustWait;
    private int _lengthToSend;
    private bool _isDisposed;

    /// <summary>Takes over a transport whose memory is new.</summary>
    public RingConnection(RingTransport transport)
    {
        int queueSize = RingLayout.QueueSize(transport.Memory.Length);
        ArgumentOutOfRangeException.ThrowIfLessThan(queueSize, RingLayout.SmallestQueue);
        _transport = transport;
        _wait = new SharedWait(transport);
        _writer = new RingWriter(queueSize);
        _reader = new RingReader(queueSize);
        _writerMustWait = () => _writer.MustWait(Outgoing, _lengthToSend);
        _readerMustWait = () => _reader.MustWait(Incoming);
    }

    /// <summary>Whether messages can be sent, and if not, why. Stays open when the other side went without a word.</summary>
    public RingState SendState => _writer.State;

    /// <summary>Whether messages can be received, and if not, why. Stays open when the other side went without a word.</summary>
    public RingState ReceiveState => _reader.State;

    /// <summary>Whether <see cref="Receive"/> ended because there is no other side any more, whatever it left in the memory.</summary>
    public bool HasLostPeer { get; private set; }

    /// <summary>The longest message.</summary>
    public int LargestMessage => _writer.LargestMessage;

    private Span<byte> Outgoing => RingLayout.Queue(_transport.Memory, _transport.IsSecond);

    private Span<byte> Incoming => RingLayout.Queue(_transport.Memory, !_transport.IsSecond);

    /// <summary>Sends a message.</summary>
    /// <param name="message">The message, of at least one byte.</param>
    /// <param name="timeout">How long to wait for room; zero for not at all.</param>
    /// <returns><see cref="RingResult.Wait"/> if there was no room in time.</returns>
    public RingResult Send(ReadOnlySpan<byte> message, TimeSpan timeout)
    {
        var deadline = new Deadline(timeout);
        if (!_sending.TryEnter(deadline.Left))
            return RingResult.Wait;
        try
        {
            _lengthToSend = message.Length;
            while (true)
            {
                RingResult result = TrySend(message);
                if (result != RingResult.Wait)
                    return result;
                result = _wait.While(_writerMustWait, deadline);
                if (result != RingResult.Done)
                    return result;
            }
        }
        finally
        {
            _sending.Exit();
        }
    }

    /// <summary>Receives a message.</summary>
    /// <param name="buffer">Where it goes; a message that is longer is a fault of the other side and closes the queue.</param>
    /// <param name="length">The message's length.</param>
    /// <param name="timeout">How long to wait for one; zero for not at all.</param>
    /// <returns><see cref="RingResult.Wait"/> if there was none in time.</returns>
    public RingResult Receive(Span<byte> buffer, out int length, TimeSpan timeout)
    {
        length = 0;
        var deadline = new Deadline(timeout);
        if (!_receiving.TryEnter(deadline.Left))
            return RingResult.Wait;
        try
        {
            while (true)
            {
                RingResult result = TryReceive(buffer, out length);
                if (result == RingResult.Wait)
                    result = _wait.While(_readerMustWait, deadline);
                else if (result == RingResult.Done)
                    return result;
                HasLostPeer |= result == RingResult.Closed && !_isDisposed && !_transport.IsConnected;
                if (result != RingResult.Done)
                    return result;
            }
        }
        finally
        {
            _receiving.Exit();
        }
    }

    /// <summary>Closes both directions, tells the other side, ends all waiting, and lets go of the memory.</summary>
    public void Dispose()
    {
        // Who waits holds a lock: wake them first. The other side reads what was sent before it hears of the end.
        _transport.Disconnect();
        lock (_sending)
        {
            lock (_receiving)
            {
                if (_isDisposed)
                    return;
                _isDisposed = true;
                _writer.Close(Outgoing);
                _reader.Close(Incoming);
                _transport.Dispose();
            }
        }
    }

    private RingResult TrySend(ReadOnlySpan<byte> message)
    {
        if (_isDisposed)
            return RingResult.Closed;
        RingResult result = _writer.TryWrite(Outgoing, message);
        if (result == RingResult.Closed || _writer.Publish(Outgoing))
            _transport.Notify();
        return result;
    }

    private RingResult TryReceive(Span<byte> buffer, out int length)
    {
        length = 0;
        if (_isDisposed)
            return RingResult.Closed;
        RingResult result = _reader.TryRead(Incoming, buffer, out length);
        if (result == RingResult.Closed || _reader.Release(Incoming))
            _transport.Notify();
        return result;
    }
}
