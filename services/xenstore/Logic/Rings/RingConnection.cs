using System;
using System.Threading;

namespace Microkernel.XenStore;

/// <summary>
/// A domain's connection by its ring page. The domain is not trusted: its indices are read once and checked, the server's own are
/// never read back, messages are copied before they are looked at. Requests are given back to the domain only once what they did is
/// recorded.
/// </summary>
public sealed class RingConnection : ClientConnection
{
    private const int LargestMessage = MessageHeader.Size + MessageHeader.LargestPayload;

    private readonly StoreServer _server;
    private readonly Client _client;
    private readonly RingPage _page;
    private readonly byte[] _input = new byte[LargestMessage + RingFields.QueueSize];
    private int _inputLength;
    private int _partialLength;
    private uint _read;
    private uint _requestEnd;
    private uint _written;
    private RingError _error;
    private RingError _told;
    private bool _isRecorded;
    private bool _mustNotify;
    private bool _mayHaveMore;
    private bool _isClosed;

    /// <summary>Begins to serve a page, as the domain left it.</summary>
    public RingConnection(StoreServer server, Domain domain, RingPage page)
    {
        _server = server;
        _client = domain.Client!;
        _page = page;
        Domain = domain.Id;
        _client.Connection = this;
        _read = _requestEnd = RingFields.Read(page.Memory, RingFields.RequestConsumer);
        _written = RingFields.Read(page.Memory, RingFields.ResponseProducer);
        RingFields.Write(page.Memory, RingFields.Features, domain.Features);
        page.Notify();
    }

    /// <summary>Whose ring it is.</summary>
    public int Domain { get; }

    /// <summary>Why the connection was given up.</summary>
    public RingError Error => _error;

    /// <inheritdoc/>
    public override ConnectionProgress Progress =>
        new(_requestEnd, _written + (uint)_client.Output.Length, _input.AsMemory(0, _partialLength));

    private Span<byte> Page => _page.Memory;

    /// <summary>Goes on where a server before this one has been.</summary>
    /// <param name="progress">What it recorded last.</param>
    /// <param name="output">The last bytes that it had for the domain, up to the progress' end.</param>
    /// <returns>False if the page and the record do not belong together.</returns>
    public bool Resume(in ConnectionProgress progress, ReadOnlySpan<byte> output)
    {
        // The domain waits for a new beginning, which the next look at the page brings.
        if (RingFields.Read(Page, RingFields.Connection) == RingFields.Reconnect)
            return true;
        uint done = progress.RequestEnd - RingFields.Read(Page, RingFields.RequestConsumer);
        uint unsent = progress.ResponseEnd - RingFields.Read(Page, RingFields.ResponseProducer);
        if (done > RingFields.QueueSize || unsent > output.Length)
            return false;
        _error = (RingError)RingFields.Read(Page, RingFields.Error);
        _read = _requestEnd = progress.RequestEnd;
        progress.Partial.Span.CopyTo(_input);
        _inputLength = _partialLength = progress.Partial.Length;
        _written = progress.ResponseEnd - unsent;
        _client.Output.Restore(output[^(int)unsent..]);
        RingFields.Write(Page, RingFields.RequestConsumer, _requestEnd);
        _mustNotify = true;
        return true;
    }

    /// <summary>
    /// Whether there is more to do at once. To be asked after the batch: a domain rings for its requests only if all before them were
    /// taken when it wrote them, so what came before that was told must be looked for.
    /// </summary>
    public bool HasRequests => IsGood && _client.MayRequest && (_mayHaveMore || RingFields.Read(Page, RingFields.RequestProducer) != _read);

    private bool IsGood => !_isClosed && _error == RingError.None;

    /// <summary>Looks at the page: sends what waits, and does requests.</summary>
    /// <param name="most">How many requests at most.</param>
    public void Serve(int most)
    {
        if (_isClosed)
            return;
        if (RingFields.Read(Page, RingFields.Connection) == RingFields.Reconnect)
            Reconnect();
        if (!IsGood)
            return;
        // What is not recorded yet must wait for the end of the batch.
        if (!_client.IsTouched)
            Flush();
        _client.MakeUpForLost();
        int done = 0;
        while (done < most && _client.MayRequest && TryTake(out MessageHeader header))
        {
            _server.Handler.Handle(_client, header, _input.AsSpan(MessageHeader.Size, (int)header.Length));
            Finish(MessageHeader.Size + (int)header.Length);
            done++;
        }
        _mayHaveMore = done == most || !_client.MayRequest;
    }

    /// <inheritdoc/>
    public override void Flush()
    {
        if (!IsGood)
            return;
        if (_isRecorded || _partialLength > 0)
            RingFields.Write(Page, RingFields.RequestConsumer, _requestEnd);
        _isRecorded = false;
        while (TrySend())
        {
        }
        // Before HasRequests looks for what the domain wrote before it saw how far its requests were taken.
        Interlocked.MemoryBarrier();
        if (!_mustNotify)
            return;
        _mustNotify = false;
        _page.Notify();
    }

    /// <summary>Why the connection was given up, if that is news.</summary>
    public RingError? TakeError()
    {
        if (_error == _told)
            return null;
        _told = _error;
        return _error == RingError.None ? null : _error;
    }

    /// <summary>Lets go of the page.</summary>
    public void Close()
    {
        _isClosed = true;
        _page.Dispose();
    }

    /// <summary>
    /// Sends as much as there is room for. The domain rings only when it takes from a full queue: whoever sent a part must look again.
    /// </summary>
    /// <returns>Whether something was sent and more waits.</returns>
    private bool TrySend()
    {
        if (_client.Output.Length == 0)
            return false;
        uint used = _written - RingFields.Read(Page, RingFields.ResponseConsumer);
        if (used > RingFields.QueueSize)
        {
            GiveUp(RingError.Index);
            return false;
        }
        ReadOnlySpan<byte> waiting = _client.Output.Waiting;
        waiting = waiting[..Math.Min(waiting.Length, RingFields.QueueSize - (int)used)];
        if (waiting.IsEmpty)
            return false;
        Span<byte> queue = Page.Slice(RingFields.Responses, RingFields.QueueSize);
        int at = (int)(_written % RingFields.QueueSize);
        int first = Math.Min(waiting.Length, RingFields.QueueSize - at);
        waiting[..first].CopyTo(queue[at..]);
        waiting[first..].CopyTo(queue);
        _written += (uint)waiting.Length;
        _client.Output.Consume(waiting.Length);
        RingFields.Write(Page, RingFields.ResponseProducer, _written);
        Interlocked.MemoryBarrier();
        _mustNotify = true;
        return _client.Output.Length > 0;
    }

    private bool TryTake(out MessageHeader header)
    {
        header = default;
        if (!IsComplete(ref header) && (!Fill() || !IsComplete(ref header)))
        {
            KeepPartial();
            return false;
        }
        return _error == RingError.None;
    }

    private bool IsComplete(ref MessageHeader header)
    {
        if (_inputLength < MessageHeader.Size)
            return false;
        header = MessageHeader.Read(_input);
        if (header.Length > MessageHeader.LargestPayload)
        {
            GiveUp(RingError.Protocol);
            return true;
        }
        return _inputLength >= MessageHeader.Size + (int)header.Length;
    }

    /// <summary>Copies what the domain has written.</summary>
    /// <returns>Whether there was something.</returns>
    private bool Fill()
    {
        uint used = RingFields.Read(Page, RingFields.RequestProducer) - _requestEnd;
        uint unread = used - (_read - _requestEnd);
        if (used > RingFields.QueueSize || unread > used)
        {
            GiveUp(RingError.Index);
            return false;
        }
        int count = Math.Min((int)unread, _input.Length - _inputLength);
        ReadOnlySpan<byte> queue = Page.Slice(RingFields.Requests, RingFields.QueueSize);
        int at = (int)(_read % RingFields.QueueSize);
        int first = Math.Min(count, RingFields.QueueSize - at);
        queue.Slice(at, first).CopyTo(_input.AsSpan(_inputLength));
        queue[..(count - first)].CopyTo(_input.AsSpan(_inputLength + first));
        _read += (uint)count;
        _inputLength += count;
        return count > 0;
    }

    /// <summary>
    /// A request that came in part is taken in part, which must be recorded: a domain does not ring for the rest while it sees that the
    /// beginning was not taken.
    /// </summary>
    private void KeepPartial()
    {
        if (_error != RingError.None || _inputLength <= _partialLength)
            return;
        _partialLength = _inputLength;
        _requestEnd = _read;
        _mustNotify = true;
        _server.Events.Touched(_client);
    }

    /// <summary>A request is done; once that is recorded, its bytes are the domain's again.</summary>
    private void Finish(int length)
    {
        _inputLength -= length;
        Array.Copy(_input, length, _input, 0, _inputLength);
        _partialLength = 0;
        _requestEnd = _read - (uint)_inputLength;
        _isRecorded = true;
        _mustNotify = true;
        _server.Events.Touched(_client);
    }

    private void Reconnect()
    {
        _client.Output.Clear();
        ClientState.Reset(_server.Store, _client, _server.Events);
        foreach (int index in (ReadOnlySpan<int>)
            [RingFields.RequestConsumer, RingFields.RequestProducer, RingFields.ResponseConsumer, RingFields.ResponseProducer])
            RingFields.Write(Page, index, 0);
        (_read, _requestEnd, _written, _inputLength, _partialLength) = (0, 0, 0, 0, 0);
        _error = RingError.None;
        RingFields.Write(Page, RingFields.Error, (uint)RingError.None);
        _server.Events.Touched(_client);
        _server.EndBatch();
        RingFields.Write(Page, RingFields.Connection, RingFields.Connected);
        _page.Notify();
    }

    private void GiveUp(RingError error)
    {
        _error = error;
        _client.Output.Clear();
        ClientState.Reset(_server.Store, _client, _server.Events);
        RingFields.Write(Page, RingFields.Error, (uint)error);
        _page.Notify();
    }
}
