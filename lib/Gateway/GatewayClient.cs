using System.IO;
using System.Net.Http;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Net.Client;

namespace Microkernel.Gateway;

/// <summary>Calls services over HTTP/2 on a Unix socket.</summary>
public static class GatewayClient
{
    /// <summary>A channel to whoever listens there: <c>new Toolstack.ToolstackClient(channel)</c>. It connects with the first call.</summary>
    public static GrpcChannel Connect(string path)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = (_, cancellation) => OpenAsync(path, cancellation),
            EnableMultipleHttp2Connections = true,
            UseProxy = false,
        };
        // The name is not looked up; HTTP wants one.
        return GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }

    private static async ValueTask<Stream> OpenAsync(string path, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
