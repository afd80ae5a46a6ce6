using System;
using System.Threading.Tasks;
using Grpc.Core;

namespace Microkernel.Rpc;

/// <summary>
/// Passes calls on as bytes, without knowing their messages, or whether they are unary: a unary call is a stream of one message.
/// Deadline and cancellation go along, the status comes back, and who reads slowly slows down who writes.
/// </summary>
public static class Forwarder
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(static bytes => bytes, static bytes => bytes);

    /// <summary>A handler that makes each call again, at another place.</summary>
    public static ServerStreamingServerMethod<byte[], byte[]> To(CallInvoker target) => To(_ => target);

    /// <summary>A handler that makes each call again, where its service is.</summary>
    /// <param name="targetOf">What makes the calls of a service, "package.Service"; null if nobody does.</param>
    public static ServerStreamingServerMethod<byte[], byte[]> To(Func<string, CallInvoker?> targetOf) =>
        (request, responses, context) => PassOn(targetOf, request, responses, context);

    /// <summary>A method whose messages are bytes.</summary>
    public static Method<byte[], byte[]> MethodOf(string service, string name) => new(MethodType.ServerStreaming, service, name, Bytes, Bytes);

    private static async Task PassOn(
        Func<string, CallInvoker?> targetOf, byte[] request, IServerStreamWriter<byte[]> responses, ServerCallContext context)
    {
        if (context.Method.Split('/') is not ["", var service, var name] || targetOf(service) is not { } target)
            throw new RpcException(new Status(StatusCode.Unimplemented, $"{context.Method} is not served here"));
        DateTime? deadline = context.Deadline == DateTime.MaxValue ? null : context.Deadline;
        var options = new CallOptions(deadline: deadline, cancellationToken: context.CancellationToken);
        using AsyncServerStreamingCall<byte[]> call = target.AsyncServerStreamingCall(MethodOf(service, name), null, options, request);
        while (await call.ResponseStream.MoveNext(context.CancellationToken).ConfigureAwait(false))
            await responses.WriteAsync(call.ResponseStream.Current).ConfigureAwait(false);
    }
}
