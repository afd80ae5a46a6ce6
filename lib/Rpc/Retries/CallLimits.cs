using System;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;

namespace Microkernel.Rpc;

/// <summary>Ends the time between two attempts of a call when its deadline comes, or when it is cancelled.</summary>
internal sealed class CallLimits : IDisposable
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(24);

    private readonly CancellationTokenSource _source;
    private readonly CancellationToken _caller;
    private readonly Lock _lock = new();
    private bool _isDropped;
    private bool _isDisposed;

    internal CallLimits(CallOptions options)
    {
        _caller = options.CancellationToken;
        _source = CancellationTokenSource.CreateLinkedTokenSource(_caller);
        if (options.Deadline is { } deadline && deadline.ToUniversalTime() - DateTime.UtcNow is var left && left < LongestTimer)
            _source.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
    }

    internal CancellationToken Token => _source.Token;

    /// <summary>The caller wants no answer any more.</summary>
    internal void Drop()
    {
        lock (_lock)
        {
            _isDropped = true;
            if (!_isDisposed)
                _source.Cancel();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
            _isDisposed = true;
        _source.Dispose();
    }

    /// <summary>Runs attempts, and says in gRPC's words what ended them.</summary>
    internal T Watch<T>(Func<T> attempts)
    {
        try
        {
            return attempts();
        }
        catch (OperationCanceledException)
        {
            throw Explain();
        }
    }

    /// <summary>Runs attempts, and says in gRPC's words what ended them.</summary>
    internal async Task<T> WatchAsync<T>(Func<ValueTask<T>> attempts)
    {
        try
        {
            return await attempts().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            throw Explain();
        }
    }

    private RpcException Explain() => new(_isDropped || _caller.IsCancellationRequested
        ? new Status(StatusCode.Cancelled, "cancelled by the caller")
        : new Status(StatusCode.DeadlineExceeded, "no answer in time"));
}
