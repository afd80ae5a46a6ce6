using System;
using System.Threading;
using Grpc.Core;
using Microkernel.Messages.Ring;
using Microkernel.Rings;
using StatusCode = Grpc.Core.StatusCode;

namespace Microkernel.Rpc;

/// <summary>
/// One session of a ring: both sides say hello, then each calls what the other serves. Everything that comes from the other
/// side passes through here, one frame at a time; a frame that breaks the rules ends the session.
/// </summary>
internal sealed class RingSession
{
    private const uint Version = 1;

    private readonly RingConnection _connection;
    private readonly RingEndpointOptions _options;
    private readonly ulong _incarnation;
    private readonly byte[] _buffer;
    private bool _hasHello;

    internal RingSession(RingConnection connection, RpcServices services, RingEndpointOptions options, ulong incarnation)
    {
        _connection = connection;
        _options = options;
        _incarnation = incarnation;
        _buffer = new byte[Math.Min(connection.LargestMessage, RingLimits.LargestFrame)];
        Outbox = new Outbox(connection);
        ClientCalls = new ClientCalls(this);
        ServerCalls = new ServerCalls(this, services, options);
    }

    /// <summary>What is sent.</summary>
    internal Outbox Outbox { get; }

    /// <summary>Calls of this side.</summary>
    internal ClientCalls ClientCalls { get; }

    /// <summary>Calls of the other side.</summary>
    internal ServerCalls ServerCalls { get; }

    /// <summary>The longest message of a call that this ring and the other side take; known after hello.</summary>
    internal int LargestPayload { get; private set; }

    /// <summary>Why the session ended; known after <see cref="Run"/>.</summary>
    internal string End { get; private set; } = "";

    /// <summary>Receives until the session is over, then ends all its calls.</summary>
    /// <param name="opened">Called once the other side has said hello.</param>
    internal void Run(Action opened)
    {
        try
        {
            SayHello();
            string? fault = null;
            RingResult result = RingResult.Done;
            while (fault is null && (result = _connection.Receive(_buffer, out int length, Timeout.InfiniteTimeSpan)) == RingResult.Done)
                fault = Take(_buffer.AsMemory(0, length), opened);
            End = fault ?? DescribeEnd();
        }
        finally
        {
            _connection.Dispose();
            Outbox.Close();
            ClientCalls.EndAll(new Status(StatusCode.Unavailable, $"the connection to {_options.Peer} ended: {End}"));
            ServerCalls.CancelAll();
        }
    }

    private void SayHello()
    {
        byte[] name = Text.Write(_options.Name, 63);
        var hello = new Hello
        {
            LowestVersion = Version,
            HighestVersion = Version,
            LargestFrame = (uint)_buffer.Length,
            Speaker = name,
            Incarnation = _incarnation,
        };
        Outbox.Post(new Envelope { Content = Envelope.ContentCase.Hello, Hello = hello });
    }

    /// <summary>Does what a frame says.</summary>
    /// <returns>What is wrong with it; null if nothing is.</returns>
    private string? Take(ReadOnlyMemory<byte> bytes, Action opened)
    {
        if (!Envelope.TryRead(bytes.Span, out Envelope frame))
            return "malformed frame";
        if (_hasHello == (frame.Content == Envelope.ContentCase.Hello))
            return _hasHello ? "second hello" : "no hello";
        switch (frame.Content)
        {
            case Envelope.ContentCase.Hello:
                return TakeHello(in frame.Hello, opened);
            case Envelope.ContentCase.Request:
                return ServerCalls.Begin(frame.CallId, in frame.Request);
            case Envelope.ContentCase.Cancel:
                return ServerCalls.Cancel(frame.CallId);
            case Envelope.ContentCase.Credit:
                return ServerCalls.AddCredit(frame.CallId, frame.Credit.Bytes);
            case Envelope.ContentCase.Event:
                return ClientCalls.TakeEvent(frame.CallId, Part(bytes, frame.Event.Payload));
            case Envelope.ContentCase.Response:
                ReadOnlyMemory<byte>? answer = frame.Response.HasPayload ? Part(bytes, frame.Response.Payload) : default(ReadOnlyMemory<byte>?);
                return ClientCalls.TakeResponse(frame.CallId, ReadStatus(in frame.Response), answer);
            default:
                return "frame without contents";
        }
    }

    private string? TakeHello(in Hello hello, Action opened)
    {
        if (hello.LowestVersion > Version || hello.HighestVersion < Version)
            return $"no common version: it speaks {hello.LowestVersion} to {hello.HighestVersion}, this side {Version}";
        if (hello.LargestFrame < RingLimits.SmallestFrame)
            return $"it takes frames of {hello.LargestFrame} bytes only";
        _hasHello = true;
        int frame = (int)Math.Min((uint)_buffer.Length, hello.LargestFrame);
        LargestPayload = Math.Min(RingLimits.LargestPayload, frame - RingLimits.FrameOverhead);
        opened();
        return null;
    }

    private static Status ReadStatus(in Response response)
    {
        StatusCode code = response.Status is >= 0 and <= Messages.Ring.StatusCode.Unauthenticated ? (StatusCode)response.Status : StatusCode.Unknown;
        return new Status(code, Text.Read(response.Message));
    }

    /// <summary>The same bytes as memory.</summary>
    private static ReadOnlyMemory<byte> Part(ReadOnlyMemory<byte> bytes, ReadOnlySpan<byte> part) =>
        bytes.Span.Overlaps(part, out int offset) ? bytes.Slice(offset, part.Length) : default;

    private string DescribeEnd()
    {
        if (Outbox.IsOverrun)
            return "it takes none of what it is sent";
        return _connection.ReceiveState switch
        {
            RingState.ClosedHere => "closed by this side",
            RingState.ClosedByPeer => "closed by it",
            // Who begins again zeroes its indices first.
            RingState.Open or RingState.BadIndex when _connection.HasLostPeer => "it is gone or began again",
            var fault => $"its ring is broken ({fault})",
        };
    }
}
