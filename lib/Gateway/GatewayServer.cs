using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Microkernel.Rpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace Microkernel.Gateway;

/// <summary>
/// Takes gRPC calls over HTTP/2 on a Unix socket and passes them on, whatever services and messages they are. Only the user
/// whose process this is can connect.
/// </summary>
public sealed class GatewayServer : IAsyncDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly WebApplication _application;

    private GatewayServer(WebApplication application) => _application = application;

    /// <summary>Listens, and passes all calls on to one place.</summary>
    /// <param name="path">Where the socket appears. It must not exist; it goes when this is disposed of.</param>
    /// <param name="target">What makes the calls.</param>
    /// <exception cref="IOException">It cannot listen there.</exception>
    public static Task<GatewayServer> StartAsync(string path, CallInvoker target) => StartAsync(path, _ => target);

    /// <summary>Listens, and passes each call on to where its service is.</summary>
    /// <param name="path">Where the socket appears. It must not exist; it goes when this is disposed of.</param>
    /// <param name="targetOf">
    /// What makes the calls of a service, "package.Service"; null if nobody does. May fail with an <see cref="RpcException"/>.
    /// </param>
    /// <exception cref="IOException">It cannot listen there.</exception>
    public static async Task<GatewayServer> StartAsync(string path, Func<string, CallInvoker?> targetOf)
    {
        WebApplication application = Build(path, targetOf);
        try
        {
            await application.StartAsync().ConfigureAwait(false);
            return new GatewayServer(application);
        }
        catch
        {
            await application.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Ends all calls and stops listening.</summary>
    public async ValueTask DisposeAsync() => await _application.DisposeAsync().ConfigureAwait(false);

    private static WebApplication Build(string path, Func<string, CallInvoker?> targetOf)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.ListenUnixSocket(path, static listen => listen.Protocols = HttpProtocols.Http2);
            options.Limits.MinRequestBodyDataRate = options.Limits.MinResponseDataRate = null;
        });
        builder.Services.Configure<SocketTransportOptions>(static options => options.CreateBoundListenSocket = Bind);
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(static options => options.ShutdownTimeout = TimeSpan.Zero);
        // The forwarding method takes every name, so that there is none unknown; the target says so.
        builder.Services.AddGrpc(static options => options.IgnoreUnknownServices = true);
        builder.Services.AddSingleton<ForwardingService>();
        builder.Services.AddSingleton<IServiceMethodProvider<ForwardingService>>(new ForwardingMethods(Forwarder.To(targetOf)));
        WebApplication application = builder.Build();
        application.MapGrpcService<ForwardingService>();
        return application;
    }

    private static Socket Bind(EndPoint endPoint)
    {
        Socket socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
        // Before it listens: nobody else can have connected.
        if (endPoint is UnixDomainSocketEndPoint)
            File.SetUnixFileMode(endPoint.ToString()!, OwnerOnly);
        return socket;
    }
}
