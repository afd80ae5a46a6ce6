using System;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Google.Protobuf;
using Grpc.Core;
using Microkernel.Protos.Console;
using Microkernel.Rpc;
using Console = Microkernel.Protos.Console.Console;

namespace Microkernel.Rings.Bench;

/// <summary>Calls of a service over a ring between two endpoints: each returns operations a second.</summary>
internal static class Calls
{
    private const int EventSize = 4096;

    /// <summary>One call at a time.</summary>
    internal static double RoundTrips(int ringSize, TimeSpan time) => With(ringSize, client =>
    {
        var request = new WriteRequest { Domain = 1, Data = ByteString.CopyFrom(new byte[40]) };
        long count = 0;
        long start = Stopwatch.GetTimestamp();
        for (; Stopwatch.GetElapsedTime(start) < time; count++)
            client.Write(request);
        return count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    });

    /// <summary>A number of calls under way at any time.</summary>
    internal static double Concurrent(int ringSize, int calls, TimeSpan time) => With(ringSize, client =>
    {
        var request = new WriteRequest { Domain = 1, Data = ByteString.CopyFrom(new byte[40]) };
        long count = 0;
        long start = Stopwatch.GetTimestamp();
        Task.WaitAll([.. Enumerable.Range(0, calls).Select(_ => Task.Run(async () =>
        {
            for (; Stopwatch.GetElapsedTime(start) < time; Interlocked.Increment(ref count))
                await client.WriteAsync(request);
        }))]);
        return count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    });

    /// <summary>The answers of one stream, of 4 KiB each.</summary>
    internal static double Stream(int ringSize, TimeSpan time) => With(ringSize, client =>
    {
        using AsyncServerStreamingCall<Output> call = client.Attach(new AttachRequest { Domain = 1 });
        long count = 0;
        long start = Stopwatch.GetTimestamp();
        for (; Stopwatch.GetElapsedTime(start) < time; count++)
            call.ResponseStream.MoveNext().Wait();
        return count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    });

    private static double With(int ringSize, Func<Console.ConsoleClient, double> measure)
    {
        (LocalTransport first, LocalTransport second) = LocalTransport.CreatePair(ringSize);
        var services = new RpcServices();
        Console.BindService(services, new Service());
        using var server = new RingEndpoint(new RingConnection(second), services);
        using var endpoint = new RingEndpoint(new RingConnection(first));
        var client = new Console.ConsoleClient(endpoint.CallInvoker);
        client.Write(new WriteRequest(), new CallOptions().WithWaitForReady());
        return measure(client);
    }

    private sealed class Service : Console.ConsoleBase
    {
        public override Task<WriteResponse> Write(WriteRequest request, ServerCallContext context) =>
            Task.FromResult(new WriteResponse { Written = (uint)request.Data.Length });

        public override async Task Attach(AttachRequest request, IServerStreamWriter<Output> responses, ServerCallContext context)
        {
            var output = new Output { Data = ByteString.CopyFrom(new byte[EventSize]) };
            while (!context.CancellationToken.IsCancellationRequested)
                await responses.WriteAsync(output);
        }
    }
}
