using System;
using System.Threading.Tasks;
using Grpc.Core;

namespace Microkernel.Rpc;

/// <summary>A method with one answer.</summary>
internal sealed class UnaryHandler<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse> handler)
    : MethodHandler
    where TRequest : class
    where TResponse : class
{
    internal override async Task<ReadOnlyMemory<byte>?> ServeAsync(ServerCall call, ReadOnlyMemory<byte> request)
    {
        TResponse response = await handler(PayloadReader.Read(method.RequestMarshaller, request), call).ConfigureAwait(false);
        return PayloadWriter.Write(method.ResponseMarshaller, response);
    }
}
