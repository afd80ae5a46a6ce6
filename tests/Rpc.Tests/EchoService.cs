using System;
using System.Threading;
using System.Threading.Tasks;
using Google.Protobuf;
using Grpc.Core;

namespace Microkernel.Rpc.Tests;

/// <summary>What the tests call. It counts the calls that are being served, and those that were cancelled.</summary>
internal sealed class EchoService : Echo.EchoBase
{
    private int _running;
    private int _cancelled;
    private int _written;

    internal int Running => Volatile.Read(ref _running);

    internal int Cancelled => Volatile.Read(ref _cancelled);

    /// <summary>Answers of streams that the stream took.</summary>
    internal int Written => Volatile.Read(ref _written);

    public override Task<Said> Say(SayRequest request, ServerCallContext context) => Counted(context, async () =>
    {
        if (request.Breaks)
            throw new InvalidOperationException("broken on purpose");
        if (request.Waits)
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        if (request.Status != 0)
            throw new RpcException(new Status((StatusCode)request.Status, request.Message));
        return new Said { Data = request.Data, Peer = context.Peer, HasDeadline = context.Deadline != DateTime.MaxValue };
    });

    public override Task Count(CountRequest request, IServerStreamWriter<Said> responses, ServerCallContext context) => Counted(context, async () =>
    {
        ByteString data = ByteString.CopyFrom(new byte[request.Size]);
        for (uint i = 0; i < request.Count; i++)
        {
            await responses.WriteAsync(new Said { Data = data, Number = i });
            Interlocked.Increment(ref _written);
        }

        if (request.Waits)
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        if (request.Status != 0)
            throw new RpcException(new Status((StatusCode)request.Status, request.Message));
        return new Said();
    });

    private async Task<Said> Counted(ServerCallContext context, Func<Task<Said>> body)
    {
        Interlocked.Increment(ref _running);
        try
        {
            return await body();
        }
        finally
        {
            if (context.CancellationToken.IsCancellationRequested)
                Interlocked.Increment(ref _cancelled);
            Interlocked.Decrement(ref _running);
        }
    }
}
