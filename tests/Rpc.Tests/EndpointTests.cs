using System;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Rings;
using NUnit.Framework;

namespace Microkernel.Rpc.Tests;

/// <summary>Endpoints that outlive their sessions: the other side comes later, goes, and comes again.</summary>
public sealed class EndpointTests
{
    private const int Size = RendezvousLayout.Size + 64 * 1024;

    private readonly ConcurrentQueue<string> _log = new();
    private LocalWire _wire = null!;
    private EchoService _service = null!;
    private RingEndpoint _client = null!;
    private RingEndpoint? _server;

    [SetUp]
    public void Start()
    {
        _log.Clear();
        _wire = new LocalWire(Size);
        _service = new EchoService();
        _client = new RingEndpoint(new RingRendezvous(_wire.Start(isSecond: false)), null, new() { Peer = "server", Log = _log.Enqueue });
    }

    [TearDown]
    public void Stop()
    {
        _client.Dispose();
        _server?.Dispose();
    }

    [Test]
    public async Task ACallWaitsForTheOtherSideIfItWantsTo()
    {
        Echo.EchoClient client = new(_client.CallInvoker);
        Assert.That(CallTests.StatusOf(() => client.Say(new SayRequest())), Is.EqualTo(StatusCode.Unavailable));
        AsyncUnaryCall<Said> patient = client.SayAsync(new SayRequest { Data = CallTests.Data(3) }, new CallOptions().WithWaitForReady());
        AsyncUnaryCall<Said> late = client.SayAsync(new SayRequest(), new CallOptions(deadline: DateTime.UtcNow.AddMilliseconds(50)).WithWaitForReady());
        Assert.That((await Assert.ThrowsAsync<RpcException>(() => late.ResponseAsync))!.StatusCode, Is.EqualTo(StatusCode.DeadlineExceeded));
        StartServer();
        Assert.That((await patient.ResponseAsync.WaitAsync(Wait.Long)).Data, Is.EqualTo(CallTests.Data(3)));
        Assert.That(_client.IsConnected, Is.True);
    }

    [Test]
    public async Task ARestartEndsCallsUnderWayAndTheNextOnesWork([Values] bool isCrash)
    {
        Echo.EchoClient client = new(_client.CallInvoker);
        StartServer();
        for (int i = 0; i < 3; i++)
        {
            AsyncUnaryCall<Said> unary = client.SayAsync(new SayRequest { Waits = true }, new CallOptions().WithWaitForReady());
            AsyncServerStreamingCall<Said> stream = client.Count(new CountRequest { Count = 1, Waits = true }, new CallOptions().WithWaitForReady());
            Assert.That(await stream.ResponseStream.MoveNext(), Is.True);
            Wait.Until(() => _service.Running == 2, "both are served");
            // A crashed one cannot do anything any more; a new one takes its place.
            RingEndpoint old = _server!;
            if (!isCrash)
                old.Dispose();
            StartServer();
            Assert.That((await Assert.ThrowsAsync<RpcException>(() => unary.ResponseAsync.WaitAsync(Wait.Long)))!.StatusCode, Is.EqualTo(StatusCode.Unavailable));
            Assert.That((await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext().WaitAsync(Wait.Long)))!.StatusCode, Is.EqualTo(StatusCode.Unavailable));
            Echo.EchoClient patient = new(_client.CallInvoker.WithRetries(Wait.Long));
            Assert.That((await patient.SayAsync(new SayRequest { Data = CallTests.Data(3) })).Data, Is.EqualTo(CallTests.Data(3)));
            old.Dispose();
            Wait.Until(() => _service.Running == 0, "the handlers have been told");
        }

        Assert.That(_log, Has.Some.StartsWith("connected to server").And.Some.StartsWith("the connection to server ended"));
    }

    [Test]
    public async Task RetriesHideARestart([Values] bool blocks)
    {
        StartServer();
        Echo.EchoClient client = new(_client.CallInvoker.WithRetries(Wait.Long));
        var request = new SayRequest { Data = CallTests.Data(3) };
        for (int i = 0; i < 5; i++)
        {
            _server!.Dispose();
            Task<Said> call = blocks ? Task.Run(() => client.Say(request)) : client.SayAsync(request).ResponseAsync;
            await Task.Delay(20 * i);
            StartServer();
            Assert.That((await call.WaitAsync(Wait.Long)).Data, Is.EqualTo(CallTests.Data(3)));
        }
    }

    [Test]
    public void RetriesEndAtTheirLimitAtTheDeadlineAndWhenCancelled([Values] bool blocks)
    {
        StatusCode Call(TimeSpan limit, CallOptions options)
        {
            Echo.EchoClient client = new(_client.CallInvoker.WithRetries(limit));
            return CallTests.StatusOf(() => _ = blocks ? client.Say(new SayRequest(), options) : client.SayAsync(new SayRequest(), options).ResponseAsync.Result);
        }

        long start = Stopwatch.GetTimestamp();
        Assert.That(Call(TimeSpan.FromMilliseconds(200), default), Is.EqualTo(StatusCode.Unavailable));
        Assert.That(Stopwatch.GetElapsedTime(start), Is.GreaterThan(TimeSpan.FromMilliseconds(100)));
        Assert.That(Call(Timeout.InfiniteTimeSpan, new(deadline: DateTime.UtcNow.AddMilliseconds(150))), Is.EqualTo(StatusCode.DeadlineExceeded));
        using var cancel = new CancellationTokenSource(150);
        Assert.That(Call(Timeout.InfiniteTimeSpan, new(cancellationToken: cancel.Token)), Is.EqualTo(StatusCode.Cancelled));
        Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(Wait.Long));
    }

    [Test]
    public void ARetriedCallCanBeDropped()
    {
        AsyncUnaryCall<Said> call = new Echo.EchoClient(_client.CallInvoker.WithRetries(Timeout.InfiniteTimeSpan)).SayAsync(new SayRequest());
        Assert.That(call.GetStatus, Throws.InvalidOperationException);
        call.Dispose();
        Assert.That(CallTests.StatusOf(() => call.ResponseAsync.Wait(Wait.Long)), Is.EqualTo(StatusCode.Cancelled));
        Assert.That(call.GetStatus().StatusCode, Is.EqualTo(StatusCode.Cancelled));
    }

    [Test]
    public void OnlyUnavailableIsTriedAgain()
    {
        StartServer();
        Echo.EchoClient client = new(_client.CallInvoker.WithRetries(Wait.Long));
        Assert.That(CallTests.StatusOf(() => client.Say(new SayRequest { Status = 8 })), Is.EqualTo(StatusCode.ResourceExhausted));
    }

    [Test]
    public async Task UnderRestartsOfEitherSideEveryCallEndsAndIdempotentOnesSucceed([Range(1, 2)] int seed)
    {
        bool isOver = false;
        var random = new Random(seed);
        StartServer();
        Task[] callers = [.. Enumerable.Range(0, 4).Select(n => Task.Run(async () =>
        {
            int done = 0;
            while (!Volatile.Read(ref isOver) || done == 0)
            {
                try
                {
                    // The client's endpoint is replaced too.
                    Echo.EchoClient client = new(Volatile.Read(ref _client).CallInvoker.WithRetries(Wait.Long));
                    Said said = await client.SayAsync(new SayRequest { Data = CallTests.Data(n * 500) }, deadline: DateTime.UtcNow.AddSeconds(5)).ResponseAsync.WaitAsync(Wait.Long);
                    Assert.That(said.Data, Has.Length.EqualTo(n * 500));
                    done++;
                }
                catch (RpcException e)
                {
                    Assert.That(e.StatusCode, Is.AnyOf(StatusCode.Unavailable, StatusCode.DeadlineExceeded));
                }
            }
        }))];
        for (int i = 0; i < 20; i++)
        {
            await Task.Delay(random.Next(100));
            if (random.Next(2) == 0)
            {
                RingEndpoint old = _client;
                Volatile.Write(ref _client, new RingEndpoint(new RingRendezvous(_wire.Start(isSecond: false))));
                old.Dispose();
            }
            else
            {
                RingEndpoint old = _server!;
                StartServer();
                old.Dispose();
            }
        }

        Volatile.Write(ref isOver, true);
        await Task.WhenAll(callers).WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Test]
    public void AWiringThatFailsIsTriedAgain()
    {
        int failures = 0;
        var wire = new LocalWire(Size);
        using var server = new RingEndpoint(new RingRendezvous(wire.Start(isSecond: true)), CallTests.Serve(_service));
        using var client = new RingEndpoint(new RingRendezvous(new FailingWiring(wire.Start(isSecond: false), () => failures++ == 0)), null, new() { Log = _log.Enqueue });
        Assert.That(new Echo.EchoClient(client.CallInvoker).Say(new SayRequest { Data = CallTests.Data(3) }, new CallOptions().WithWaitForReady()).Data, Has.Length.EqualTo(3));
        Assert.That(_log, Has.Some.Contains("no channel on purpose"));
    }

    private void StartServer() =>
        _server = new RingEndpoint(new RingRendezvous(_wire.Start(isSecond: true)), CallTests.Serve(_service), new() { Name = "server", Peer = "client" });

    /// <summary>Makes no event channel, sometimes.</summary>
    private sealed class FailingWiring(RingWiring wiring, Func<bool> fails) : RingWiring
    {
        public override bool IsSecond => wiring.IsSecond;

        public override Span<byte> Memory => wiring.Memory;

        public override uint Listen() => fails() ? throw new IOException("no channel on purpose") : wiring.Listen();

        public override bool Connect(uint port) => wiring.Connect(port);

        public override void Ring() => wiring.Ring();

        public override void Wait(TimeSpan timeout) => wiring.Wait(timeout);

        public override void Interrupt() => wiring.Interrupt();

        protected override void Dispose(bool disposing) => wiring.Dispose();
    }
}
