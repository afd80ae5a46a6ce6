using System;
using System.Threading;
using System.Threading.Tasks;
using Google.Protobuf;
using Grpc.Core;
using Microkernel.Protos.Console;

namespace Microkernel.Services.QemuDm;

/// <summary>The calls of protos/microkernel/console/v1.</summary>
public sealed class ConsoleService : Protos.Console.Console.ConsoleBase, IDisposable
{
    private const int LargestPart = 16 << 10;

    private readonly ConsoleHub _hub;
    private readonly ConsoleLimits _limits;
    private readonly System.Collections.Concurrent.ConcurrentDictionary<uint, int> _readers = new();

    /// <summary>Makes it.</summary>
    public ConsoleService(IConsoleLinks links, ConsoleLimits limits)
    {
        _hub = new ConsoleHub(links, limits);
        _limits = limits;
    }

    /// <inheritdoc/>
    public override Task<ConnectResponse> Connect(ConnectRequest request, ServerCallContext context)
    {
        _hub.Connect(new ConsoleIdentity(request.Domain, request.DomainGeneration, request.RemotePort, request.GrantReference));
        return Task.FromResult(new ConnectResponse());
    }

    /// <inheritdoc/>
    public override Task<DisconnectResponse> Disconnect(DisconnectRequest request, ServerCallContext context)
    {
        _hub.Disconnect(request.Domain, request.DomainGeneration);
        return Task.FromResult(new DisconnectResponse());
    }

    /// <inheritdoc/>
    public override async Task Attach(AttachRequest request, IServerStreamWriter<Output> responseStream, ServerCallContext context)
    {
        GuestConsole console = _hub.Find(request.Domain);
        if (_readers.AddOrUpdate(request.Domain, 1, static (_, count) => count + 1) > _limits.Readers)
        {
            LeaveReader(request.Domain);
            throw new RpcException(new Status(StatusCode.ResourceExhausted, $"{_limits.Readers} read this console already"));
        }

        try
        {
            ulong? from = request.HasFrom ? request.From : null;
            await CopyAsync(console, from, request.Follow, responseStream, context.CancellationToken).ConfigureAwait(false);
        }
        finally
        {
            LeaveReader(request.Domain);
        }
    }

    /// <inheritdoc/>
    public override Task<WriteResponse> Write(WriteRequest request, ServerCallContext context)
    {
        int written = _hub.Find(request.Domain).Write(request.Data.Span);
        if (written == 0 && !request.Data.IsEmpty)
            throw new RpcException(new Status(StatusCode.ResourceExhausted, $"domain {request.Domain} does not read its console at the moment"));
        return Task.FromResult(new WriteResponse { Written = (uint)written });
    }

    /// <summary>Lets go of all consoles.</summary>
    public void Dispose() => _hub.Dispose();

    private static async Task CopyAsync(
        GuestConsole console, ulong? position, bool follows, IServerStreamWriter<Output> stream, CancellationToken cancellation)
    {
        var buffer = new byte[LargestPart];
        bool isFirst = true;
        while (true)
        {
            // Who reads slowly holds up nobody but himself: what he has not fetched in time is overwritten, and the position says so.
            (ulong start, int length, Task? news) = console.Read(position, buffer);
            if (length > 0 || isFirst)
                await stream.WriteAsync(new Output { Position = start, Data = ByteString.CopyFrom(buffer, 0, length) }).ConfigureAwait(false);
            isFirst = false;
            position = start + (ulong)length;
            if (news is null || (length == 0 && !follows))
                return;
            await news.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    private void LeaveReader(uint domain)
    {
        if (_readers.AddOrUpdate(domain, 0, static (_, count) => count - 1) <= 0)
            _readers.TryRemove(new(domain, 0));
    }
}
