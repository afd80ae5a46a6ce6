using System;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Rings;
using NUnit.Framework;

namespace Microkernel.Rpc.Tests;

/// <summary>A service that passes the calls of another one on: client, ring, forwarder, ring, service.</summary>
public sealed class ForwardTests
{
    private readonly RingEndpoint[] _endpoints = new RingEndpoint[4];
    private EchoService _service = null!;
    private Echo.EchoClient _client = null!;

    [SetUp]
    public void Start()
    {
        _service = new EchoService();
        (LocalTransport middle, LocalTransport back) = LocalTransport.CreatePair(256 * 1024);
        (LocalTransport front, LocalTransport middle2) = LocalTransport.CreatePair(64 * 1024);
        _endpoints[0] = new RingEndpoint(new RingConnection(back), CallTests.Serve(_service));
        _endpoints[1] = new RingEndpoint(new RingConnection(middle));
        var services = new RpcServices();
        services.Forward("microkernel.rpc.tests.Echo", _endpoints[1].CallInvoker);
        _endpoints[2] = new RingEndpoint(new RingConnection(middle2), services);
        _endpoints[3] = new RingEndpoint(new RingConnection(front));
        new Echo.EchoClient(_endpoints[1].CallInvoker).Say(new SayRequest(), new CallOptions().WithWaitForReady());
        _client = new Echo.EchoClient(_endpoints[3].CallInvoker);
        _client.Say(new SayRequest(), new CallOptions().WithWaitForReady());
    }

    [TearDown]
    public void Stop()
    {
        foreach (RingEndpoint endpoint in _endpoints)
            endpoint.Dispose();
    }

    [Test]
    public async Task UnaryCallsAndStreamsPass()
    {
        Assert.That((await _client.SayAsync(new SayRequest { Data = CallTests.Data(10_000) })).Data, Is.EqualTo(CallTests.Data(10_000)));
        Assert.That((await _client.SayAsync(new SayRequest())).HasDeadline, Is.False);
        Assert.That((await _client.SayAsync(new SayRequest(), deadline: DateTime.UtcNow + Wait.Long)).HasDeadline, Is.True);
        using AsyncServerStreamingCall<Said> call = _client.Count(new CountRequest { Count = 300, Size = 5000 });
        for (uint i = 0; i < 300; i++)
        {
            Assert.That(await call.ResponseStream.MoveNext(), Is.True);
            Assert.That(call.ResponseStream.Current.Number, Is.EqualTo(i));
        }

        Assert.That(await call.ResponseStream.MoveNext(), Is.False);
    }

    [Test]
    public void StatusDeadlineAndCancellationPass()
    {
        RpcException error = Assert.Throws<RpcException>(() => _client.Say(new SayRequest { Status = 9, Message = "why é" }))!;
        Assert.That((error.StatusCode, error.Status.Detail), Is.EqualTo((StatusCode.FailedPrecondition, "why é")));
        Assert.That(CallTests.StatusOf(() => _client.Say(new SayRequest { Waits = true }, deadline: DateTime.UtcNow.AddMilliseconds(100))), Is.EqualTo(StatusCode.DeadlineExceeded));
        Wait.Until(() => (_service.Running, _service.Cancelled) == (0, 1), "the handler has been told of the deadline");
        using var cancel = new CancellationTokenSource();
        AsyncUnaryCall<Said> call = _client.SayAsync(new SayRequest { Waits = true }, cancellationToken: cancel.Token);
        Wait.Until(() => _service.Running == 1, "it is served");
        cancel.Cancel();
        Assert.That(CallTests.StatusOf(() => call.ResponseAsync.Wait(Wait.Long)), Is.EqualTo(StatusCode.Cancelled));
        Wait.Until(() => (_service.Running, _service.Cancelled) == (0, 2), "the handler has been told of the cancellation");
    }

    [Test]
    public void AnAnswerThatTheSmallerRingDoesNotHoldIsRefused() =>
        Assert.That(CallTests.StatusOf(() => _client.Say(new SayRequest { Data = CallTests.Data(40_000) })), Is.EqualTo(StatusCode.ResourceExhausted));

    [Test]
    public void WithoutTheServiceItIsUnavailable()
    {
        _endpoints[0].Dispose();
        Assert.That(CallTests.StatusOf(() => _client.Say(new SayRequest())), Is.EqualTo(StatusCode.Unavailable));
    }

    [Test]
    public async Task ASlowReaderStopsTheWriter()
    {
        using AsyncServerStreamingCall<Said> slow = _client.Count(new CountRequest { Count = 5000, Size = 10_000 });
        await slow.ResponseStream.MoveNext();
        int written = -1;
        Wait.Until(() => (written, written = _service.Written) is var (before, now) && before == now && now > 0, "the writer stops");
        Assert.That(written, Is.LessThan(1000));
        Assert.That((await _client.SayAsync(new SayRequest { Data = CallTests.Data(3) })).Data, Has.Length.EqualTo(3));
    }
}
