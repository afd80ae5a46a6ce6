using System;
using System.Threading;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Polly;
using Polly.Retry;

namespace Microkernel.Rpc;

/// <summary>
/// Makes a service's restart a delay instead of an error: calls that ended with UNAVAILABLE are made again. Only for calls that
/// may happen twice: the first one may have been served, and only its answer be lost.
/// </summary>
public static class CallRetries
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(500);

    /// <summary>The same calls; unary ones are made again while they are UNAVAILABLE. Streams pass unchanged.</summary>
    /// <param name="invoker">What makes the calls.</param>
    /// <param name="limit">How long to wait altogether between attempts. A call's deadline holds for all of them together.</param>
    public static CallInvoker WithRetries(this CallInvoker invoker, TimeSpan limit) => invoker.Intercept(new RetryInterceptor(Pipeline(limit)));

    /// <summary>Tries again on UNAVAILABLE, first soon and then ever later, for whatever takes more than one call.</summary>
    /// <param name="limit">How long to wait altogether between attempts.</param>
    public static ResiliencePipeline Pipeline(TimeSpan limit) => new ResiliencePipelineBuilder()
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<RpcException>(static e => e.StatusCode == StatusCode.Unavailable),
            BackoffType = DelayBackoffType.Exponential,
            Delay = Shortest,
            MaxDelay = Longest,
            MaxRetryAttempts = Attempts(limit),
        })
        .Build();

    /// <summary>How many delays fit into a time, at least one.</summary>
    private static int Attempts(TimeSpan limit)
    {
        if (limit == Timeout.InfiniteTimeSpan)
            return int.MaxValue;
        int attempts = 0;
        TimeSpan delay = Shortest;
        for (; delay < Longest && limit >= delay; delay *= 2)
        {
            attempts++;
            limit -= delay;
        }

        return Math.Max(1, attempts + (delay < Longest ? 0 : (int)Math.Min(limit / Longest, int.MaxValue / 2)));
    }
}
