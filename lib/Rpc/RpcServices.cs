using System;
using System.Collections.Generic;
using Grpc.Core;

namespace Microkernel.Rpc;

/// <summary>
/// The services that one side of a ring offers: <c>Memory.BindService(services, implementation)</c>. All must be there before a
/// <see cref="RingEndpoint"/> gets them.
/// </summary>
public sealed class RpcServices : ServiceBinderBase
{
    private readonly Dictionary<string, MethodHandler> _methods = [];
    private readonly Dictionary<string, MethodHandler> _forwarded = [];

    /// <inheritdoc/>
    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler)
    {
        if (handler is not null)
            _methods.Add(NameOf(method), new UnaryHandler<TRequest, TResponse>(method, handler));
    }

    /// <inheritdoc/>
    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler)
    {
        if (handler is not null)
            _methods.Add(NameOf(method), new StreamHandler<TRequest, TResponse>(method, handler));
    }

    /// <inheritdoc/>
    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler) => throw NoClientStreams(method);

    /// <inheritdoc/>
    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) => throw NoClientStreams(method);

    /// <summary>Passes the calls of a service on, as bytes; methods that are bound here are not.</summary>
    /// <param name="service">The service's name, for example "microkernel.console.v1.Console".</param>
    /// <param name="target">Where they go.</param>
    public void Forward(string service, CallInvoker target) =>
        _forwarded.Add(service, new StreamHandler<byte[], byte[]>(Forwarder.MethodOf(service, "*"), Forwarder.To(target)));

    internal MethodHandler? Find(string method)
    {
        if (_methods.TryGetValue(method, out MethodHandler? handler))
            return handler;
        int slash = method.IndexOf('/');
        return slash > 0 && _forwarded.TryGetValue(method[..slash], out handler) ? handler : null;
    }

    private static NotSupportedException NoClientStreams(IMethod method) => new($"{NameOf(method)}: rings carry no streams of requests");

    private static string NameOf(IMethod method) => $"{method.ServiceName}/{method.Name}";
}
