using System.Collections.Concurrent;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Console;

namespace Microkernel.Services.Toolstack.Tests.Fakes;

/// <summary>qemu-dm.</summary>
internal sealed class FakeConsoles(Faults faults) : Console.ConsoleBase
{
    internal ConcurrentDictionary<uint, ConnectRequest> Connected { get; } = new();

    public override Task<ConnectResponse> Connect(ConnectRequest request, ServerCallContext context) => Task.FromResult(faults.Run("Console.Connect", () =>
    {
        Connected[request.Domain] = request;
        return new ConnectResponse();
    }));

    public override Task<DisconnectResponse> Disconnect(DisconnectRequest request, ServerCallContext context) => Task.FromResult(faults.Run("Console.Disconnect", () =>
        Connected.TryRemove(request.Domain, out _) ? new DisconnectResponse() : throw new RpcException(new Status(StatusCode.NotFound, "not connected"))));
}
