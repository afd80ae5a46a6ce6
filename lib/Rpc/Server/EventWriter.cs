using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;

namespace Microkernel.Rpc;

/// <summary>Where a method writes its stream of answers.</summary>
internal sealed class EventWriter<TResponse>(ServerCall call, Marshaller<TResponse> marshaller) : IServerStreamWriter<TResponse>
{
    /// <inheritdoc/>
    public WriteOptions? WriteOptions { get; set; }

    /// <inheritdoc/>
    public Task WriteAsync(TResponse message) => call.WriteAsync(PayloadWriter.Write(marshaller, message), call.CancellationToken);

    /// <inheritdoc/>
    public async Task WriteAsync(TResponse message, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(call.CancellationToken, cancellationToken);
        await call.WriteAsync(PayloadWriter.Write(marshaller, message), either.Token).ConfigureAwait(false);
    }
}
