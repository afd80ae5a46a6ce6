using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Google.Protobuf;
using Grpc.Core;
using Microkernel.Rings;
using NUnit.Framework;

namespace Microkernel.Rpc.Tests;

/// <summary>Calls over a ring between two endpoints that both call and serve.</summary>
public sealed class CallTests
{
    private const int RingSize = 1024 * 1024;

    private EchoService _service = null!;
    private RingEndpoint _left = null!;
    private RingEndpoint _right = null!;
    private Echo.EchoClient _client = null!;

    [SetUp]
    public void Connect()
    {
        _service = new EchoService();
        (LocalTransport left, LocalTransport right) = LocalTransport.CreatePair(RingSize);
        _left = new RingEndpoint(new RingConnection(left), Serve(new EchoService()), new() { Name = "left", Peer = "right" });
        _right = new RingEndpoint(new RingConnection(right), Serve(_service), new() { Name = "right", Peer = "left", ServerCalls = 50 });
        _client = new Echo.EchoClient(_left.CallInvoker);
        _client.Say(new SayRequest(), new CallOptions().WithWaitForReady());
    }

    [TearDown]
    public void Disconnect()
    {
        _left.Dispose();
        _right.Dispose();
    }

    [Test]
    public async Task BothSidesCallAndServe()
    {
        Said said = await _client.SayAsync(new SayRequest { Data = Data(10) });
        Assert.That((said.Data, said.Peer, said.HasDeadline), Is.EqualTo((Data(10), "left", false)));
        Wait.Until(() => _right.IsConnected, "the other side has heard the hello");
        said = new Echo.EchoClient(_right.CallInvoker).Say(new SayRequest { Data = Data(20) }, deadline: DateTime.UtcNow + Wait.Long);
        Assert.That((said.Data, said.Peer, said.HasDeadline), Is.EqualTo((Data(20), "right", true)));
    }

    [Test]
    public void EveryStatusComesBackWithItsMessage([Range(1, 16)] int code)
    {
        RpcException error = Assert.Throws<RpcException>(() => _client.Say(new SayRequest { Status = code, Message = "daß % \n é" }))!;
        Assert.That((error.StatusCode, error.Status.Detail), Is.EqualTo(((StatusCode)code, "daß % \n é")));
    }

    [Test]
    public void ALongMessageIsCutBetweenTwoCharacters()
    {
        RpcException error = Assert.Throws<RpcException>(() => _client.Say(new SayRequest { Status = 5, Message = "x" + new string('é', 200) }))!;
        Assert.That(error.Status.Detail, Is.EqualTo("x" + new string('é', 127)));
    }

    [Test]
    public void WhatAHandlerThrowsIsUnknownAndSaysWhat()
    {
        RpcException error = Assert.Throws<RpcException>(() => _client.Say(new SayRequest { Breaks = true }))!;
        Assert.That(error.StatusCode, Is.EqualTo(StatusCode.Unknown));
        Assert.That(error.Status.Detail, Does.Contain("broken on purpose"));
    }

    [Test]
    public void WhatIsNotServedIsUnimplemented()
    {
        var method = new Method<byte[], byte[]>(MethodType.Unary, "no.Such", "Method", Bytes, Bytes);
        Assert.That(StatusOf(() => _left.CallInvoker.BlockingUnaryCall(method, null, new CallOptions(), [])), Is.EqualTo(StatusCode.Unimplemented));
        method = new Method<byte[], byte[]>(MethodType.Unary, "no.Such", new string('x', 200), Bytes, Bytes);
        Assert.That(StatusOf(() => _left.CallInvoker.BlockingUnaryCall(method, null, new CallOptions(), [])), Is.EqualTo(StatusCode.Unimplemented));
    }

    [Test]
    public void StreamsOfRequestsAreRefused()
    {
        var client = new Uploads.UploadsClient(_left.CallInvoker);
        Assert.That(StatusOf(() => client.Collect()), Is.EqualTo(StatusCode.Unimplemented));
        Assert.That(StatusOf(() => client.Chat()), Is.EqualTo(StatusCode.Unimplemented));
        Assert.That(() => Uploads.BindService(new RpcServices(), null), Throws.TypeOf<NotSupportedException>());
    }

    [Test]
    public void WhatIsNoMessageIsInternal()
    {
        var method = new Method<byte[], byte[]>(MethodType.Unary, "microkernel.rpc.tests.Echo", "Say", Bytes, Bytes);
        Assert.That(StatusOf(() => _left.CallInvoker.BlockingUnaryCall(method, null, new CallOptions(), [0xFF])), Is.EqualTo(StatusCode.Internal));
        Assert.That(_client.Say(new SayRequest { Data = Data(3) }).Data, Is.EqualTo(Data(3)));
    }

    [Test]
    public void PayloadsUpToTheLimitPass()
    {
        int overhead = new SayRequest { Data = Data(60_000) }.CalculateSize() - 60_000;
        int longest = RingLimits.LargestPayload - overhead;
        Assert.That(_client.Say(new SayRequest { Data = Data(longest - 20) }).Data, Has.Length.EqualTo(longest - 20));
        Assert.That(StatusOf(() => _client.Say(new SayRequest { Data = Data(longest + 1) })), Is.EqualTo(StatusCode.ResourceExhausted));
        Assert.That(StatusOf(() => _client.Say(new SayRequest { Data = Data(longest) })), Is.EqualTo(StatusCode.ResourceExhausted), "the answer is longer");
    }

    [Test]
    public async Task AStreamComesWholeAndInOrder([Values(0, 1, 1000)] int count, [Values(0, 3000)] int size)
    {
        using AsyncServerStreamingCall<Said> call = _client.Count(new CountRequest { Count = (uint)count, Size = (uint)size });
        List<uint> numbers = [];
        while (await call.ResponseStream.MoveNext())
        {
            numbers.Add(call.ResponseStream.Current.Number);
            Assert.That(call.ResponseStream.Current.Data, Has.Length.EqualTo(size));
        }

        Assert.That(numbers, Is.EqualTo(Enumerable.Range(0, count)));
        Assert.That(call.GetStatus().StatusCode, Is.EqualTo(StatusCode.OK));
    }

    [Test]
    public async Task AStreamEndsWithItsStatusAfterItsMessages()
    {
        using AsyncServerStreamingCall<Said> call = _client.Count(new CountRequest { Count = 5, Status = 10, Message = "why" });
        for (int i = 0; i < 5; i++)
            Assert.That(await call.ResponseStream.MoveNext(), Is.True);
        RpcException error = (await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext()))!;
        Assert.That((error.StatusCode, error.Status.Detail), Is.EqualTo((StatusCode.Aborted, "why")));
    }

    [Test]
    public void ADeadlineEndsTheCallOnBothSides()
    {
        Assert.That(StatusOf(() => _client.Say(new SayRequest { Waits = true }, deadline: DateTime.UtcNow.AddMilliseconds(50))), Is.EqualTo(StatusCode.DeadlineExceeded));
        Assert.That(StatusOf(() => _client.Say(new SayRequest(), deadline: DateTime.UtcNow.AddSeconds(-1))), Is.EqualTo(StatusCode.DeadlineExceeded));
        Wait.Until(() => (_service.Running, _service.Cancelled) == (0, 1), "the handler has been told");
    }

    [Test]
    public void ADeadlineEndsAStream()
    {
        using AsyncServerStreamingCall<Said> call = _client.Count(new CountRequest { Count = 1, Waits = true }, deadline: DateTime.UtcNow.AddMilliseconds(100));
        Assert.That(StatusOf(() => { while (call.ResponseStream.MoveNext().Result) { } }), Is.EqualTo(StatusCode.DeadlineExceeded));
        Wait.Until(() => (_service.Running, _service.Cancelled) == (0, 1), "the handler has been told");
    }

    [Test]
    public async Task CancellingEndsTheCallOnBothSides([Values] bool streams, [Values] bool drops)
    {
        using var cancel = new CancellationTokenSource();
        using AsyncUnaryCall<Said>? unary = streams ? null : _client.SayAsync(new SayRequest { Waits = true }, cancellationToken: cancel.Token);
        using AsyncServerStreamingCall<Said>? stream = streams ? _client.Count(new CountRequest { Waits = true }, cancellationToken: cancel.Token) : null;
        Task waiting = streams ? stream!.ResponseStream.MoveNext() : unary!.ResponseAsync;
        Wait.Until(() => _service.Running == 1, "it is served");
        if (!drops)
            await cancel.CancelAsync();
        else if (streams)
            stream!.Dispose();
        else
            unary!.Dispose();
        Assert.That((await Assert.ThrowsAsync<RpcException>(() => waiting))!.StatusCode, Is.EqualTo(StatusCode.Cancelled));
        Wait.Until(() => (_service.Running, _service.Cancelled) == (0, 1), "the handler has been told");
        Assert.That((await _client.SayAsync(new SayRequest { Data = Data(3) })).Data, Is.EqualTo(Data(3)));
    }

    [Test]
    public void ManyThreadsCallAtOnce()
    {
        Task[] callers = [.. Enumerable.Range(1, 8).Select(n => Task.Factory.StartNew(
            () =>
            {
                for (int i = 0; i < 300; i++)
                    Assert.That(_client.Say(new SayRequest { Data = Data(n * i) }).Data, Is.EqualTo(Data(n * i)));
            },
            TaskCreationOptions.LongRunning))];
        Assert.That(Task.WaitAll(callers, Wait.Long), Is.True);
    }

    [Test]
    public async Task ASlowReaderHoldsUpItsOwnStreamOnly()
    {
        using AsyncServerStreamingCall<Said> slow = _client.Count(new CountRequest { Count = 1000, Size = 10_000 });
        await slow.ResponseStream.MoveNext();
        Wait.Until(() => _service.Written > 10, "the stream is under way");
        await Task.Delay(100);
        int written = _service.Written;
        for (int i = 0; i < 100; i++)
            Assert.That(_client.Say(new SayRequest { Data = Data(50_000) }).Data, Has.Length.EqualTo(50_000));
        Assert.That(_service.Written, Is.EqualTo(written).And.LessThan(100));
        int count = 1;
        while (await slow.ResponseStream.MoveNext())
            count++;
        Assert.That(count, Is.EqualTo(1000));
    }

    [Test]
    public async Task StreamsInBothDirectionsAndLargeCallsDoNotBlockEachOther()
    {
        Wait.Until(() => _right.IsConnected, "the other side has heard the hello");
        Echo.EchoClient other = new(_right.CallInvoker);
        Task[] all =
        [
            .. Enumerable.Range(0, 10).Select(_ => Drain(_client)), .. Enumerable.Range(0, 10).Select(_ => Drain(other)),
            .. Enumerable.Range(0, 40).Select(async _ => await _client.SayAsync(new SayRequest { Data = Data(60_000) })),
            .. Enumerable.Range(0, 40).Select(async _ => await other.SayAsync(new SayRequest { Data = Data(60_000) })),
        ];
        await Task.WhenAll(all).WaitAsync(Wait.Long);
    }

    [Test]
    public async Task WhoFloodsIsRefusedAndTheRestIsServed()
    {
        using var cancel = new CancellationTokenSource();
        AsyncUnaryCall<Said>[] calls = [.. Enumerable.Range(0, 60).Select(_ => _client.SayAsync(new SayRequest { Waits = true }, cancellationToken: cancel.Token))];
        Wait.Until(() => calls.Count(static c => c.ResponseAsync.IsFaulted) == 10, "those over the limit are refused");
        Assert.That(calls.Where(static c => c.ResponseAsync.IsFaulted).Select(static c => c.GetStatus().StatusCode), Is.All.EqualTo(StatusCode.ResourceExhausted));
        await cancel.CancelAsync();
        Wait.Until(() => _service.Running == 0, "all are over");
        Assert.That((await _client.SayAsync(new SayRequest { Data = Data(3) })).Data, Is.EqualTo(Data(3)));
    }

    [Test]
    public void ThisSideHasALimitOfItsOwn()
    {
        var request = new SayRequest { Data = Data(60_000) };
        AsyncUnaryCall<Said>[] calls = [.. Enumerable.Range(0, 2 * RingLimits.ClientCalls).Select(_ => _client.SayAsync(request))];
        Wait.Until(() => calls.All(static c => c.ResponseAsync.IsCompleted), "all have ended");
        Assert.That(calls.Select(static c => c.GetStatus().Detail).Distinct(), Has.Some.EqualTo("too many calls at a time"));
        Assert.That(_client.Say(new SayRequest { Data = Data(3) }).Data, Is.EqualTo(Data(3)));
    }

    [Test]
    public async Task TheEndOfTheConnectionIsUnavailable([Values] bool isOwn)
    {
        AsyncUnaryCall<Said> call = _client.SayAsync(new SayRequest { Waits = true });
        Wait.Until(() => _service.Running == 1, "it is served");
        (isOwn ? _left : _right).Dispose();
        await Assert.ThatAsync(() => call.ResponseAsync.WaitAsync(Wait.Long), Throws.TypeOf<RpcException>());
        Assert.That(call.GetStatus().StatusCode, Is.EqualTo(StatusCode.Unavailable));
        Wait.Until(() => (_service.Running, _service.Cancelled) == (0, 1), "the handler has been told");
        Assert.That(StatusOf(() => _client.Say(new SayRequest())), Is.EqualTo(StatusCode.Unavailable));
        Assert.That(StatusOf(() => _client.Say(new SayRequest(), new CallOptions().WithWaitForReady())), Is.EqualTo(StatusCode.Unavailable));
    }

    internal static RpcServices Serve(EchoService service)
    {
        var services = new RpcServices();
        Echo.BindService(services, service);
        return services;
    }

    internal static ByteString Data(int length) => ByteString.CopyFrom([.. Enumerable.Range(0, length).Select(static i => (byte)(i * 7))]);

    internal static StatusCode StatusOf(Action action)
    {
        try
        {
            action();
            return StatusCode.OK;
        }
        catch (RpcException e)
        {
            return e.StatusCode;
        }
        catch (AggregateException e) when (e.InnerException is RpcException inner)
        {
            return inner.StatusCode;
        }
    }

    private static Marshaller<byte[]> Bytes => Marshallers.Create(static b => b, static b => b);

    private static async Task Drain(Echo.EchoClient client)
    {
        using AsyncServerStreamingCall<Said> call = client.Count(new CountRequest { Count = 200, Size = 5000 });
        uint count = 0;
        while (await call.ResponseStream.MoveNext())
            Assert.That(call.ResponseStream.Current.Number, Is.EqualTo(count++));
        Assert.That(count, Is.EqualTo(200));
    }
}
