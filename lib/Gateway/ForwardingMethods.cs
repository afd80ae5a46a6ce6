using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Microkernel.Rpc;

namespace Microkernel.Gateway;

/// <summary>One method that takes the calls of all services: its route is a pattern instead of a name.</summary>
internal sealed class ForwardingMethods(Grpc.Core.ServerStreamingServerMethod<byte[], byte[]> forward) : IServiceMethodProvider<ForwardingService>
{
    /// <inheritdoc/>
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<ForwardingService> context) =>
        context.AddServerStreamingMethod(
            Forwarder.MethodOf("{service}", "{method}"), [], (_, request, responses, call) => forward(request, responses, call));
}
