using System;
using System.Threading;
using Grpc.Core;
using Microkernel.Rings;

namespace Microkernel.Rpc.Local;

/// <summary>A client and a server of lib/Rpc in one process, for tests: everything goes through a real ring.</summary>
internal sealed class LocalRing : IDisposable
{
    private const int Size = 1 << 20;

    private readonly RingEndpoint _client;
    private readonly RingEndpoint _server;

    internal LocalRing(Action<RpcServices> bind)
    {
        (LocalTransport first, LocalTransport second) = LocalTransport.CreatePair(Size);
        var services = new RpcServices();
        bind(services);
        _server = new RingEndpoint(new RingConnection(second), services, new RingEndpointOptions { Peer = "client" });
        _client = new RingEndpoint(new RingConnection(first), null, new RingEndpointOptions { Peer = "server" });
        if (!SpinWait.SpinUntil(() => _client.IsConnected, TimeSpan.FromSeconds(30)))
            throw new TimeoutException("the two sides do not find each other");
    }

    internal CallInvoker Invoker => _client.CallInvoker;

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
    }
}
