using System;
using System.Threading.Tasks;
using Grpc.Core;

namespace Microkernel.Rpc;

/// <summary>A method with a stream of answers.</summary>
internal sealed class StreamHandler<TRequest, TResponse>(Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse> handler)
    : MethodHandler
    where TRequest : class
    where TResponse : class
{
    internal override async Task<ReadOnlyMemory<byte>?> ServeAsync(ServerCall call, ReadOnlyMemory<byte> request)
    {
        var writer = new EventWriter<TResponse>(call, method.ResponseMarshaller);
        await handler(PayloadReader.Read(method.RequestMarshaller, request), writer, call).ConfigureAwait(false);
        return null;
    }
}
