using Grpc.Core;
using Grpc.Core.Interceptors;
using Polly;

namespace Microkernel.Rpc;

/// <summary>Makes unary calls through a pipeline that may make them again.</summary>
internal sealed class RetryInterceptor(ResiliencePipeline pipeline) : Interceptor
{
    /// <inheritdoc/>
    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, BlockingUnaryCallContinuation<TRequest, TResponse> continuation)
    {
        using var limits = new CallLimits(context.Options);
        return limits.Watch(() => pipeline.Execute(_ => continuation(request, context), limits.Token));
    }

    /// <inheritdoc/>
    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
    {
        var limits = new CallLimits(context.Options);
        var call = new RetriedCall<TResponse>(limits, () => continuation(request, context));
        return new(call.RunAsync(pipeline), call.Headers, call.GetStatus, call.GetTrailers, call.Dispose);
    }
}
