using System;
using System.Threading;
using Grpc.Core;

namespace Microkernel.Rpc;

/// <summary>
/// A call of this side: before there is a session, while it runs, and after it has ended, which happens once, whoever comes first:
/// the answer, the deadline, the caller who cancels, or the end of the session.
/// </summary>
internal abstract class ClientCall
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(24);

    private readonly DateTime _deadline;
    private readonly Lock _lock = new();
    private readonly RingEndpoint _endpoint;
    private RingSession? _session;
    private Timer? _timer;
    private CancellationTokenRegistration _cancellation;
    private Status? _status;
    private bool _isFinished;

    protected ClientCall(RingEndpoint endpoint, string method, ReadOnlyMemory<byte> request, CallOptions options)
    {
        _endpoint = endpoint;
        Method = Text.Write(method, int.MaxValue);
        Request = request;
        Options = options;
        _deadline = options.Deadline?.ToUniversalTime() ?? DateTime.MaxValue;
    }

    /// <summary>Its number in its session; 0 while it has none.</summary>
    internal ulong Id { get; set; }

    /// <summary>"package.Service/Method".</summary>
    internal byte[] Method { get; }

    internal ReadOnlyMemory<byte> Request { get; }

    internal CallOptions Options { get; }

    /// <summary>What it takes of a stream at first; 0 for anything.</summary>
    internal virtual uint EventBytes => 0;

    /// <summary>Whether it has ended.</summary>
    internal bool IsFinished => Volatile.Read(ref _isFinished);

    /// <summary>The time that is left, as requests have it; 0 for ever.</summary>
    internal ulong TimeoutNanoseconds =>
        IsTimed(out TimeSpan left) ? (ulong)Math.Max(1, left.Ticks) * (ulong)TimeSpan.NanosecondsPerTick : 0;

    /// <summary>Begins it: at once, or when there is a session and the caller wants to wait for one.</summary>
    internal void Start()
    {
        if (Method.Length > RingLimits.LongestMethod)
            Finish(new Status(StatusCode.Unimplemented, $"no ring carries a method name of {Method.Length} bytes"));
        else if (Options.CancellationToken.IsCancellationRequested)
            Finish(new Status(StatusCode.Cancelled, "cancelled by the caller"));
        else if (WatchDeadline())
        {
            if (Options.CancellationToken.CanBeCanceled)
                WatchCancellation();
            _endpoint.Begin(this);
        }
    }

    /// <summary>Sends the request in a session.</summary>
    internal void Begin(RingSession session)
    {
        lock (_lock)
            _session = session;
        session.ClientCalls.Begin(this);
    }

    /// <summary>Ends it because nobody wants the answer any more.</summary>
    internal void Cancel(Status status)
    {
        if (!TryEnd(status))
            return;
        RingSession? session;
        lock (_lock)
            session = _session;
        if (session is null)
            _endpoint.Forget(this);
        else
            session.ClientCalls.Cancel(this);
        OnFinished(status, isCancelled: true);
    }

    /// <summary>Ends it.</summary>
    internal void Finish(Status status)
    {
        if (TryEnd(status))
            OnFinished(status, isCancelled: false);
    }

    /// <summary>A message has come; its bytes are overwritten afterwards.</summary>
    internal abstract void TakeEvent(ReadOnlyMemory<byte> payload);

    /// <summary>The other side has ended the call.</summary>
    internal abstract void TakeResponse(Status status, ReadOnlyMemory<byte>? payload);

    /// <summary>How it ended.</summary>
    /// <exception cref="InvalidOperationException">It has not.</exception>
    internal Status GetStatus()
    {
        lock (_lock)
            return _status ?? throw new InvalidOperationException("the call has not ended");
    }

    /// <summary>Tells the caller; called once.</summary>
    protected abstract void OnFinished(Status status, bool isCancelled);

    /// <summary>Tells the other side that the reader takes more.</summary>
    protected void GiveCredit(uint bytes) => _session?.ClientCalls.GiveCredit(this, bytes);

    private bool TryEnd(Status status)
    {
        lock (_lock)
        {
            if (_isFinished)
                return false;
            _status = status;
            Volatile.Write(ref _isFinished, true);
            _timer?.Dispose();
        }

        _cancellation.Unregister();
        return true;
    }

    private bool WatchDeadline()
    {
        if (!IsTimed(out TimeSpan left))
            return true;
        if (left <= TimeSpan.Zero)
        {
            Cancel(Late);
            return false;
        }

        lock (_lock)
            _timer = new Timer(static call => ((ClientCall)call!).Cancel(Late), this, left, Timeout.InfiniteTimeSpan);
        return true;
    }

    /// <summary>Whether there is a deadline that any timer can wait for; others are none.</summary>
    private bool IsTimed(out TimeSpan left)
    {
        left = _deadline - DateTime.UtcNow;
        return left < LongestTimer;
    }

    private void WatchCancellation()
    {
        CancellationTokenRegistration registration = Options.CancellationToken.UnsafeRegister(
            static call => ((ClientCall)call!).Cancel(new Status(StatusCode.Cancelled, "cancelled by the caller")), this);
        lock (_lock)
            _cancellation = registration;
        if (IsFinished)
            registration.Unregister();
    }

    private static Status Late => new(StatusCode.DeadlineExceeded, "no answer in time");
}
