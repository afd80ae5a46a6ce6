using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Messages.Ring;
using StatusCode = Grpc.Core.StatusCode;

namespace Microkernel.Rpc;

/// <summary>A call of the other side, from its request to its response. Rings carry no headers or trailers.</summary>
internal sealed class ServerCall : ServerCallContext, IThreadPoolWorkItem
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(24);
    private static readonly AuthContext NoIdentity = new(null, []);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _cancellation = new();
    private readonly RingSession _session;
    private readonly RingEndpointOptions _options;
    private readonly ulong _id;
    private readonly MethodHandler _handler;
    private readonly string _method;
    private readonly byte[] _request;
    private readonly bool _isLimited;
    private long _credit;
    private TaskCompletionSource? _waiter;
    private StatusCode? _cancelled;

    internal ServerCall(RingSession session, RingEndpointOptions options, ulong id, MethodHandler handler, string method, in Request request)
    {
        _session = session;
        _options = options;
        _id = id;
        _handler = handler;
        _method = method;
        _request = request.Payload.ToArray();
        _credit = request.EventBytes;
        _isLimited = request.EventBytes != 0;
        var timeout = TimeSpan.FromTicks((long)Math.Min(request.TimeoutNs / TimeSpan.NanosecondsPerTick, long.MaxValue));
        if (request.TimeoutNs != 0 && timeout < LongestTimer)
            DeadlineCore = DateTime.UtcNow + timeout;
    }

    protected override string MethodCore => "/" + _method;

    protected override string HostCore => _options.Name;

    protected override string PeerCore => _options.Peer;

    protected override DateTime DeadlineCore { get; } = DateTime.MaxValue;

    protected override Metadata RequestHeadersCore => Metadata.Empty;

    protected override CancellationToken CancellationTokenCore => _cancellation.Token;

    protected override Metadata ResponseTrailersCore { get; } = [];

    protected override Status StatusCore { get; set; }

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override AuthContext AuthContextCore => NoIdentity;

    /// <summary>Serves it on the thread pool.</summary>
    internal void Start() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    /// <inheritdoc/>
    public void Execute() => _ = ServeAsync();

    /// <summary>Tells the handler that nobody waits any more. It still ends by itself.</summary>
    internal void Cancel(StatusCode why)
    {
        lock (_lock)
        {
            if (_cancelled is not null)
                return;
            _cancelled = why;
        }

        // What the handler does about it must not hold up other calls.
        _ = _cancellation.CancelAsync();
    }

    internal void AddCredit(uint bytes)
    {
        lock (_lock)
        {
            _credit = Math.Min(_credit + bytes, uint.MaxValue);
            _waiter?.SetResult();
            _waiter = null;
        }
    }

    /// <summary>Sends an event as soon as the caller and the ring take it.</summary>
    internal async Task WriteAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        CheckSize(payload.Length);
        while (!TrySpend(payload.Length, out Task? wait))
            await wait!.WaitAsync(cancellation).ConfigureAwait(false);
        await _session.Outbox.RoomAsync(cancellation).ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        _session.Outbox.Post(new Envelope { CallId = _id, Content = Envelope.ContentCase.Event, Event = new() { Payload = payload.Span } });
    }

    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => Task.CompletedTask;

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) =>
        throw new NotSupportedException("pass the deadline and the cancellation token on instead");

    private async Task ServeAsync()
    {
        Timer? timer = WatchDeadline();
        Status status = Status.DefaultSuccess;
        ReadOnlyMemory<byte>? answer = null;
        try
        {
            answer = await _handler.ServeAsync(this, _request).ConfigureAwait(false);
            CheckSize(answer?.Length ?? 0);
            status = StatusCore;
        }
        catch (Exception e)
        {
            status = Explain(e);
        }
        finally
        {
            if (timer is not null)
                await timer.DisposeAsync().ConfigureAwait(false);
        }

        _session.ServerCalls.End(_id, status, status.StatusCode == StatusCode.OK ? answer : null);
    }

    private Timer? WatchDeadline()
    {
        if (DeadlineCore == DateTime.MaxValue)
            return null;
        TimeSpan left = DeadlineCore - DateTime.UtcNow;
        return new Timer(
            static call => ((ServerCall)call!).Cancel(StatusCode.DeadlineExceeded), this, left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    private bool TrySpend(int length, out Task? wait)
    {
        lock (_lock)
        {
            wait = null;
            if (!_isLimited || _credit > 0)
            {
                _credit -= length + RingLimits.EventOverhead;
                return true;
            }

            wait = (_waiter ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            return false;
        }
    }

    private void CheckSize(int length)
    {
        if (length > _session.LargestPayload)
            throw new RpcException(new Status(StatusCode.ResourceExhausted, $"the answer has {length} bytes; the ring takes {_session.LargestPayload}"));
    }

    private Status Explain(Exception e)
    {
        if (e is RpcException { StatusCode: not StatusCode.OK } chosen)
            return chosen.Status;
        if (e is OperationCanceledException && _cancellation.IsCancellationRequested)
            return new Status(_cancelled ?? StatusCode.Cancelled, "the call was no longer wanted");
        _options.Log?.Invoke($"{_method} failed: {e}");
        return new Status(StatusCode.Unknown, $"{_method} failed: {e.GetType().Name}: {e.Message}");
    }
}
