using System;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Polly;
using Polly.Retry;

namespace Microkernel.Services.Toolstack;

/// <summary>
/// How calls of other services are made: with a deadline, and again while the other side is being restarted, if what they do may
/// be done twice.
/// </summary>
public sealed class Patience
{
    private readonly ResiliencePipeline _limited;
    private readonly ResiliencePipeline _endless;
    private readonly ResiliencePipeline _settling;

    /// <summary>Makes one.</summary>
    /// <param name="shortest">The time before the second attempt; the next ones come ever later.</param>
    /// <param name="longest">The most time between two attempts.</param>
    /// <param name="attempts">How often something is tried whose failure somebody waits for.</param>
    public Patience(TimeSpan shortest, TimeSpan longest, int attempts)
    {
        _limited = Pipeline(shortest, longest, attempts, static status => status == StatusCode.Unavailable);
        _endless = Pipeline(shortest, longest, int.MaxValue, IsPassing);
        _settling = Pipeline(shortest, longest, int.MaxValue, static status => status is StatusCode.Unavailable or StatusCode.DeadlineExceeded);
    }

    /// <summary>What services use: some fifteen seconds, three times what a restart takes.</summary>
    public static Patience Normal { get; } = new(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(1), 20);

    /// <summary>How long one call may take.</summary>
    public TimeSpan CallLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Calls; again if the other side is not there at the moment.</summary>
    internal Task<T> CallAsync<T>(Func<CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellation) =>
        RunAsync(_limited, call, cancellation);

    /// <summary>Calls until there is an answer: for what must not be left undone.</summary>
    internal Task<T> InsistAsync<T>(Func<CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellation) =>
        RunAsync(_endless, call, cancellation);

    /// <summary>Calls until it is known whether something was done; every refusal is an answer, too.</summary>
    internal Task<T> SettleAsync<T>(Func<CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellation) =>
        RunAsync(_settling, call, cancellation);

    /// <summary>Calls once: for what must not be done twice.</summary>
    internal Task<T> OnceAsync<T>(Func<CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellation) =>
        RunAsync(ResiliencePipeline.Empty, call, cancellation);

    private static bool IsPassing(StatusCode status) =>
        status is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Aborted or StatusCode.Cancelled
            or StatusCode.ResourceExhausted or StatusCode.Internal or StatusCode.Unknown;

    private static ResiliencePipeline Pipeline(TimeSpan shortest, TimeSpan longest, int attempts, Func<StatusCode, bool> isPassing) =>
        new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<RpcException>(e => isPassing(e.StatusCode)),
            MaxRetryAttempts = attempts,
            BackoffType = DelayBackoffType.Exponential,
            Delay = shortest,
            MaxDelay = longest,
        }).Build();

    private async Task<T> RunAsync<T>(ResiliencePipeline pipeline, Func<CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellation) =>
        await pipeline.ExecuteAsync(async token =>
        {
            try
            {
                return await call(new CallOptions(deadline: DateTime.UtcNow + CallLimit, cancellationToken: token)).ResponseAsync.ConfigureAwait(false);
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Cancelled && token.IsCancellationRequested)
            {
                // Not a failure of the other side, which would be worth another attempt.
                throw new OperationCanceledException(e.Status.Detail, e, token);
            }
        }, cancellation).ConfigureAwait(false);
}
