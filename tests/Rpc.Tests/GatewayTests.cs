using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Grpc.Net.Client;
using Microkernel.Gateway;
using Microkernel.Rings;
using NUnit.Framework;

namespace Microkernel.Rpc.Tests;

/// <summary>Calls over HTTP/2 that go on over a ring: two times forwarded, with nobody in between who knows their messages.</summary>
public sealed class GatewayTests
{
    private string _folder = "";
    private EchoService _service = null!;
    private RingEndpoint _near = null!;
    private RingEndpoint _far = null!;
    private GatewayServer _gateway = null!;
    private GrpcChannel _channel = null!;
    private Echo.EchoClient _client = null!;

    private string Path => System.IO.Path.Combine(_folder, "socket");

    [SetUp]
    public async Task Start()
    {
        _folder = Directory.CreateTempSubdirectory("gateway-").FullName;
        _service = new EchoService();
        (LocalTransport near, LocalTransport far) = LocalTransport.CreatePair(256 * 1024);
        _near = new RingEndpoint(new RingConnection(near));
        _far = new RingEndpoint(new RingConnection(far), CallTests.Serve(_service));
        new Echo.EchoClient(_near.CallInvoker).Say(new SayRequest(), new CallOptions().WithWaitForReady());
        _gateway = await GatewayServer.StartAsync(Path, _near.CallInvoker);
        _channel = GatewayClient.Connect(Path);
        _client = new Echo.EchoClient(_channel);
    }

    [TearDown]
    public async Task Stop()
    {
        _channel.Dispose();
        await _gateway.DisposeAsync();
        _near.Dispose();
        _far.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public async Task ACallPassesWithItsDeadline()
    {
        Assert.That((await _client.SayAsync(new SayRequest { Data = CallTests.Data(60_000) })).Data, Is.EqualTo(CallTests.Data(60_000)));
        Assert.That((await _client.SayAsync(new SayRequest())).HasDeadline, Is.False);
        Assert.That((await _client.SayAsync(new SayRequest(), deadline: DateTime.UtcNow + Wait.Long)).HasDeadline, Is.True);
    }

    [Test]
    public void EveryStatusPassesWithItsMessage([Range(1, 16)] int code)
    {
        RpcException error = Assert.Throws<RpcException>(() => _client.Say(new SayRequest { Status = code, Message = "daß % \n é" }))!;
        Assert.That((error.StatusCode, error.Status.Detail), Is.EqualTo(((StatusCode)code, "daß % \n é")));
    }

    [Test]
    public async Task ABigStreamPassesWhole()
    {
        using AsyncServerStreamingCall<Said> call = _client.Count(new CountRequest { Count = 1000, Size = 20_000, Status = 10, Message = "end" });
        for (uint i = 0; i < 1000; i++)
        {
            Assert.That(await call.ResponseStream.MoveNext(), Is.True);
            Assert.That((call.ResponseStream.Current.Number, call.ResponseStream.Current.Data.Length), Is.EqualTo((i, 20_000)));
        }

        RpcException error = (await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext()))!;
        Assert.That((error.StatusCode, error.Status.Detail), Is.EqualTo((StatusCode.Aborted, "end")));
    }

    [Test]
    public async Task ASlowReaderStopsTheWriterAtTheFarEndAndNobodyElse()
    {
        using AsyncServerStreamingCall<Said> slow = _client.Count(new CountRequest { Count = 5000, Size = 10_000 });
        await slow.ResponseStream.MoveNext();
        int written = -1;
        Wait.Until(() => (written, written = _service.Written) is var (before, now) && before == now && now > 0, "the writer stops");
        Assert.That(written, Is.LessThan(1000));
        for (int i = 0; i < 20; i++)
            Assert.That((await _client.SayAsync(new SayRequest { Data = CallTests.Data(30_000) })).Data, Has.Length.EqualTo(30_000));
    }

    [Test]
    public void ADeadlineReachesTheHandler()
    {
        Assert.That(CallTests.StatusOf(() => _client.Say(new SayRequest { Waits = true }, deadline: DateTime.UtcNow.AddMilliseconds(200))), Is.EqualTo(StatusCode.DeadlineExceeded));
        Wait.Until(() => (_service.Running, _service.Cancelled) == (0, 1), "the handler has been told");
    }

    [Test]
    public async Task CancellingReachesTheHandler([Values] bool streams)
    {
        using var cancel = new CancellationTokenSource();
        Task waiting = streams
            ? _client.Count(new CountRequest { Waits = true }, cancellationToken: cancel.Token).ResponseStream.MoveNext()
            : _client.SayAsync(new SayRequest { Waits = true }, cancellationToken: cancel.Token).ResponseAsync;
        Wait.Until(() => _service.Running == 1, "it is served");
        await cancel.CancelAsync();
        Assert.That((await Assert.ThrowsAsync<RpcException>(() => waiting))!.StatusCode, Is.EqualTo(StatusCode.Cancelled));
        Wait.Until(() => (_service.Running, _service.Cancelled) == (0, 1), "the handler has been told");
    }

    [Test]
    public void WhatTheFarEndDoesNotServeIsUnimplemented()
    {
        using AsyncServerStreamingCall<byte[]> call = _channel.CreateCallInvoker().AsyncServerStreamingCall(
            Forwarder.MethodOf("no.Such", "Method"), null, new CallOptions(), []);
        Assert.That(CallTests.StatusOf(() => call.ResponseStream.MoveNext().Wait(Wait.Long)), Is.EqualTo(StatusCode.Unimplemented));
    }

    [Test]
    public void TooLongForTheRingIsRefused() =>
        Assert.That(CallTests.StatusOf(() => _client.Say(new SayRequest { Data = CallTests.Data(300_000) })), Is.EqualTo(StatusCode.ResourceExhausted));

    [Test]
    public void WithoutARingItIsUnavailable()
    {
        _far.Dispose();
        Assert.That(CallTests.StatusOf(() => _client.Say(new SayRequest())), Is.EqualTo(StatusCode.Unavailable));
    }

    [Test]
    public async Task WithoutAGatewayItIsUnavailableAndLaterItIsNot()
    {
        await _gateway.DisposeAsync();
        Assert.That(File.Exists(Path), Is.False);
        Assert.That(CallTests.StatusOf(() => _client.Say(new SayRequest())), Is.EqualTo(StatusCode.Unavailable));
        _gateway = await GatewayServer.StartAsync(Path, _near.CallInvoker);
        CallInvoker patient = _channel.CreateCallInvoker().WithRetries(Wait.Long);
        Assert.That(new Echo.EchoClient(patient).Say(new SayRequest { Data = CallTests.Data(3) }).Data, Is.EqualTo(CallTests.Data(3)));
    }

    [Test]
    public async Task StoppingItEndsCallsThatWait()
    {
        AsyncUnaryCall<Said> call = _client.SayAsync(new SayRequest { Waits = true });
        Wait.Until(() => _service.Running == 1, "it is served");
        await _gateway.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(5));
        Assert.That((await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync.WaitAsync(Wait.Long)))!.StatusCode, Is.AnyOf(StatusCode.Unavailable, StatusCode.Internal, StatusCode.Cancelled));
        Wait.Until(() => _service.Running == 0, "the handler has been told");
    }

    [Test]
    public void OnlyTheOwnerMayConnect() =>
        Assert.That(File.GetUnixFileMode(Path), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));

    [Test]
    public void AnExistingSocketIsNotTakenOver() =>
        Assert.That(async () => await GatewayServer.StartAsync(Path, _near.CallInvoker), Throws.InstanceOf<IOException>());
}
