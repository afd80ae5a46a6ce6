using System;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Polly;

namespace Microkernel.Rpc;

/// <summary>A unary call and its attempts, the last of which is what the caller sees.</summary>
internal sealed class RetriedCall<TResponse>(CallLimits limits, Func<AsyncUnaryCall<TResponse>> attempt)
{
    private readonly TaskCompletionSource<Metadata> _headers = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private AsyncUnaryCall<TResponse>? _last;
    private Task<TResponse>? _answer;

    internal Task<Metadata> Headers => _headers.Task;

    internal Task<TResponse> RunAsync(ResiliencePipeline pipeline) => _answer = RunAllAsync(pipeline);

    internal Status GetStatus() => _answer switch
    {
        { IsCompletedSuccessfully: true } => Status.DefaultSuccess,
        { Exception.InnerException: RpcException e } => e.Status,
        _ => throw new InvalidOperationException("the call has not ended"),
    };

    internal Metadata GetTrailers() => Volatile.Read(ref _last)?.GetTrailers() ?? Metadata.Empty;

    internal void Dispose()
    {
        if (_answer is { IsCompleted: true })
            return;
        limits.Drop();
        Volatile.Read(ref _last)?.Dispose();
    }

    private async Task<TResponse> RunAllAsync(ResiliencePipeline pipeline)
    {
        try
        {
            return await limits.WatchAsync(() => pipeline.ExecuteAsync(_ => TryAsync(), limits.Token)).ConfigureAwait(false);
        }
        finally
        {
            _headers.TrySetResult(Metadata.Empty);
            limits.Dispose();
        }
    }

    private async ValueTask<TResponse> TryAsync()
    {
        AsyncUnaryCall<TResponse> call = attempt();
        Volatile.Write(ref _last, call);
        TResponse answer = await call.ResponseAsync.ConfigureAwait(false);
        _headers.TrySetResult(await call.ResponseHeadersAsync.ConfigureAwait(false));
        return answer;
    }
}
