using System;
using System.Threading.Tasks;
using Grpc.Core;

namespace Microkernel.Rpc;

/// <summary>Calls what the other side of a ring serves.</summary>
internal sealed class RingCallInvoker : CallInvoker
{
    private static readonly Task<Metadata> NoHeaders = Task.FromResult(Metadata.Empty);

    private readonly RingEndpoint _endpoint;

    internal RingCallInvoker(RingEndpoint endpoint) => _endpoint = endpoint;

    /// <inheritdoc/>
    public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        StartUnary(method, options, request).Answer.GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        UnaryCall<TResponse> call = StartUnary(method, options, request);
        return new(call.Answer, NoHeaders, call.GetStatus, static () => Metadata.Empty, () => Drop(call));
    }

    /// <inheritdoc/>
    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var call = new StreamCall<TResponse>(_endpoint, NameOf(method), PayloadWriter.Write(method.RequestMarshaller, request), options, method.ResponseMarshaller);
        call.Start();
        return new(call, NoHeaders, call.GetStatus, static () => Metadata.Empty, () => Drop(call));
    }

    /// <inheritdoc/>
    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) => throw NoClientStreams(method);

    /// <inheritdoc/>
    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) => throw NoClientStreams(method);

    private static RpcException NoClientStreams(IMethod method) =>
        new(new Status(StatusCode.Unimplemented, $"{NameOf(method)}: rings carry no streams of requests"));

    private static string NameOf(IMethod method) => $"{method.ServiceName}/{method.Name}";

    private static void Drop(ClientCall call) => call.Cancel(new Status(StatusCode.Cancelled, "dropped by the caller"));

    private UnaryCall<TResponse> StartUnary<TRequest, TResponse>(Method<TRequest, TResponse> method, CallOptions options, TRequest request)
        where TRequest : class
        where TResponse : class
    {
        var call = new UnaryCall<TResponse>(_endpoint, NameOf(method), PayloadWriter.Write(method.RequestMarshaller, request), options, method.ResponseMarshaller);
        call.Start();
        return call;
    }
}
