using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Google.Protobuf;
using Grpc.Core;
using Microkernel.Protos.Ring;
using Microkernel.Rings;
using NUnit.Framework;
using StatusCode = Grpc.Core.StatusCode;

namespace Microkernel.Rpc.Tests;

/// <summary>A peer that writes whole frames by hand. It can end its own session and hurts nobody else.</summary>
public sealed class HostilePeerTests
{
    private const int RingSize = 64 * 1024;
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentQueue<string> _log = new();
    private EchoService _service = null!;
    private RingEndpoint _victim = null!;
    private RingConnection _peer = null!;

    [SetUp]
    public void Start()
    {
        _log.Clear();
        _service = new EchoService();
        (LocalTransport victim, LocalTransport peer) = LocalTransport.CreatePair(RingSize);
        _victim = new RingEndpoint(new RingConnection(victim), CallTests.Serve(_service), new() { Log = _log.Enqueue });
        _peer = new RingConnection(peer);
    }

    [TearDown]
    public void Stop()
    {
        _victim.Dispose();
        _peer.Dispose();
    }

    private static IEnumerable<TestCaseData> Faults()
    {
        yield return Case("malformed frame", [Hello()], [0xFF, 0xFF]);
        yield return Case("malformed frame", [Hello()], Request(1, new string('x', 128)));
        yield return Case("second hello", [Hello()], Hello());
        yield return Case("no hello", [], Request(1, "a/b"));
        yield return Case("no common version", [], Hello(lowest: 2, highest: 3));
        yield return Case("it takes frames of 10 bytes only", [], Hello(largest: 10));
        yield return Case("call id that does not rise", [Hello(), Request(7, "a/b")], Request(7, "a/b"));
        yield return Case("call id that does not rise", [Hello()], Request(0, "a/b"));
        yield return Case("response to a call that was never made", [Hello()], Frame(new() { CallId = 1, Response = new() }));
        yield return Case("event for a call that was never made", [Hello()], Frame(new() { CallId = 1, Event = new() }));
        yield return Case("cancel of a call that was never made", [Hello()], Frame(new() { CallId = 1, Cancel = new() }));
        yield return Case("credit for a call that was never made", [Hello()], Frame(new() { CallId = 1, Credit = new() }));
        yield return Case("frame without contents", [Hello()], Frame(new() { CallId = 1 }));
    }

    [TestCaseSource(nameof(Faults))]
    public void AFrameThatBreaksTheRulesEndsTheSession(string why, byte[][] before, byte[] fault)
    {
        foreach (byte[] frame in before)
            Send(frame);
        Send(fault);
        var buffer = new byte[RingSize];
        RingResult last;
        do
        {
            last = _peer.Receive(buffer, out _, Wait.Long);
        }
        while (last == RingResult.Done);

        // The end of the connection may be heard before the word in memory that says why.
        Assert.That(last, Is.EqualTo(RingResult.Closed));
        Wait.Until(() => _log.Any(line => line.Contains(why, StringComparison.Ordinal)), why);
        Assert.That(_victim.IsConnected, Is.False);
    }

    [Test]
    public void FramesAboutCallsThatAreOverAreIgnored()
    {
        Send(Hello());
        Send(Request(5, "no/Method"));
        Send(Frame(new() { CallId = 5, Cancel = new() }));
        Send(Frame(new() { CallId = 5, Credit = new() { Bytes = uint.MaxValue } }));
        Send(Frame(new() { CallId = 3, Cancel = new() }));
        Assert.That(Answer(5).Status, Is.EqualTo(Protos.Ring.StatusCode.Unimplemented));
        Send(Request(6, "no/Method"));
        Assert.That(Answer(6).Status, Is.EqualTo(Protos.Ring.StatusCode.Unimplemented));
    }

    [Test]
    public async Task AnswersThatAreWrongEndTheirCallOnly()
    {
        Send(Hello());
        Wait.Until(() => _victim.IsConnected, "hello");
        Echo.EchoClient client = new(_victim.CallInvoker);
        ulong id = 0;

        async Task Check(StatusCode expected, params Envelope[] answers)
        {
            AsyncUnaryCall<Said> call = client.SayAsync(new SayRequest());
            id++;
            foreach (Envelope answer in answers)
            {
                answer.CallId = id;
                Send(Frame(answer));
            }

            Assert.That((await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync.WaitAsync(Wait.Long)))!.StatusCode, Is.EqualTo(expected));
        }

        ByteString garbage = ByteString.CopyFrom(0xFF);
        await Check(StatusCode.Internal, new Envelope { Response = new() { Payload = garbage } });
        await Check(StatusCode.Internal, new Envelope { Response = new() });
        await Check(StatusCode.Internal, new Envelope { Event = new() }, new Envelope { Event = new() });
        await Check(StatusCode.Internal, new Envelope { Event = new() }, new Envelope { Response = new() { Payload = ByteString.Empty } });
        await Check(StatusCode.Internal, new Envelope { Event = new() { Payload = garbage } }, new Envelope { Response = new() });
        await Check(StatusCode.Unknown, new Envelope { Response = new() { Status = (Protos.Ring.StatusCode)99 } });
        await Check(StatusCode.Unknown, new Envelope { Response = new() { Status = (Protos.Ring.StatusCode)(-1) } });
        Assert.That(_victim.IsConnected, Is.True);
    }

    [Test]
    public async Task AStreamThatIgnoresItsCreditIsCutOff()
    {
        Send(Hello());
        Wait.Until(() => _victim.IsConnected, "hello");
        using AsyncServerStreamingCall<Said> call = new Echo.EchoClient(_victim.CallInvoker).Count(new CountRequest());
        byte[] frame = Frame(new() { CallId = 1, Event = new() { Payload = new Said { Data = CallTests.Data(10_000) }.ToByteString() } });
        for (int i = 0; i < 40; i++)
            Send(frame);
        Wait.Until(() => Received().Any(static e => e.ContentCase == Envelope.ContentOneofCase.Cancel), "the call is cancelled");
        Assert.That((await Assert.ThrowsAsync<RpcException>(async () => { while (await call.ResponseStream.MoveNext()) { } }))!.StatusCode, Is.EqualTo(StatusCode.ResourceExhausted));
        Assert.That(_victim.IsConnected, Is.True);
    }

    [Test]
    public void WhoAsksAndTakesNoAnswersIsLeft()
    {
        Send(Hello());
        byte[] request = [];
        RingResult result = RingResult.Done;
        for (ulong id = 1; id < 60_000 && result == RingResult.Done; id++)
        {
            request = Request(id, "microkernel.rpc.tests.Echo/Say");
            result = _peer.Send(request, Wait.Long);
        }

        Assert.That(result, Is.EqualTo(RingResult.Closed));
        Wait.Until(() => _log.Any(static line => line.Contains("takes none of what it is sent", StringComparison.Ordinal)), "the session ends");
        Wait.Until(() => _service.Running == 0, "all handlers have ended");
    }

    [Test]
    public void WhoTakesNoAnswersCannotPileThemUp()
    {
        const int Size = 20_000;
        Send(Hello());
        ByteString payload = new SayRequest { Data = CallTests.Data(Size) }.ToByteString();
        for (ulong id = 1; id <= 1000; id++)
            Send(Frame(new() { CallId = id, Request = new() { Method = "microkernel.rpc.tests.Echo/Say", Payload = payload } }));
        Wait.Until(() => _service.Running == 0, "all handlers have ended");
        Response[] answers = [.. Received().Where(static e => e.ContentCase == Envelope.ContentOneofCase.Response).Select(static e => e.Response)];
        int served = answers.Count(static a => a.Status == Protos.Ring.StatusCode.Ok);
        Assert.That(answers, Has.Length.EqualTo(1000));
        Assert.That(answers.Count(static a => a.Status == Protos.Ring.StatusCode.ResourceExhausted), Is.EqualTo(1000 - served));
        Assert.That(served * Size, Is.LessThan(RingLimits.BacklogForAnswers + (257 * Size)));
    }

    [Test]
    public void CallsToAPeerThatNeverReadsEndAtTheirDeadline()
    {
        Send(Hello());
        Wait.Until(() => _victim.IsConnected, "hello");
        Echo.EchoClient client = new(_victim.CallInvoker);
        DateTime deadline = DateTime.UtcNow.AddMilliseconds(300);
        AsyncUnaryCall<Said>[] calls = [.. Enumerable.Range(0, 50).Select(_ => client.SayAsync(new SayRequest { Data = CallTests.Data(20_000) }, deadline: deadline))];
        Wait.Until(() => calls.All(static c => c.ResponseAsync.IsFaulted), "all calls have ended");
        Assert.That(calls.Select(static c => c.GetStatus().StatusCode), Is.All.EqualTo(StatusCode.DeadlineExceeded));
    }

    [Test]
    public void RandomFramesNeverBreakAnything([Range(1, 4)] int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 100; round++)
        {
            (LocalTransport victim, LocalTransport peer) = LocalTransport.CreatePair(RingSize);
            using var endpoint = new RingEndpoint(new RingConnection(victim), CallTests.Serve(_service));
            using var connection = new RingConnection(peer);
            connection.Send(Hello(), Wait.Long);
            using var cancel = new CancellationTokenSource();
            Task[] calls = StartCalls(endpoint, cancel.Token);
            var buffer = new byte[RingSize];
            for (int i = 0; i < 50 && connection.Send(RandomFrame(random, (ulong)i), Short) != RingResult.Closed; i++)
            {
                while (connection.Receive(buffer, out _, TimeSpan.Zero) == RingResult.Done)
                {
                }
            }

            cancel.Cancel();
            Assert.That(Task.WhenAll(calls).ContinueWith(static _ => { }).Wait(Wait.Long), Is.True, $"seed {seed}, round {round}: a call does not end");
        }

        Wait.Until(() => _service.Running == 0, "all handlers have ended");
    }

    private static Task[] StartCalls(RingEndpoint endpoint, CancellationToken cancellation)
    {
        Echo.EchoClient client = new(endpoint.CallInvoker);
        CallOptions options = new CallOptions(cancellationToken: cancellation).WithWaitForReady();
        return
        [
            client.SayAsync(new SayRequest(), options).ResponseAsync, client.SayAsync(new SayRequest(), options).ResponseAsync,
            client.Count(new CountRequest(), options).ResponseStream.MoveNext(), client.Count(new CountRequest(), options).ResponseStream.MoveNext(),
        ];
    }

    private static byte[] RandomFrame(Random random, ulong number)
    {
        ByteString payload = random.Next(2) == 0 ? ByteString.Empty : ByteString.CopyFrom(Bytes(random, 40));
        ulong id = random.Next(4) == 0 ? (ulong)random.NextInt64() : number % 8;
        Envelope envelope = random.Next(6) switch
        {
            0 => new() { CallId = number + 1, Request = new() { Method = "microkernel.rpc.tests.Echo/" + (random.Next(2) == 0 ? "Say" : "Count"), Payload = payload, EventBytes = (uint)random.Next(100), TimeoutNs = (ulong)random.Next(3) * 10_000 } },
            1 => new() { CallId = id, Response = new() { Status = (Protos.Ring.StatusCode)random.Next(20), Payload = payload } },
            2 => new() { CallId = id, Event = new() { Payload = payload } },
            3 => new() { CallId = id, Cancel = new() },
            4 => new() { CallId = id, Credit = new() { Bytes = (uint)random.NextInt64() } },
            _ => new() { CallId = number + 1, Request = new() { Method = "x", TimeoutNs = ulong.MaxValue } },
        };
        byte[] frame = Frame(envelope);
        if (random.Next(30) == 0)
            frame[random.Next(frame.Length)] ^= (byte)(1 << random.Next(8));
        return frame;
    }

    private static byte[] Bytes(Random random, int longest)
    {
        var bytes = new byte[random.Next(longest)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static TestCaseData Case(string why, byte[][] before, byte[] fault) => new TestCaseData(why, before, fault).SetArgDisplayNames(why);

    private static byte[] Hello(uint lowest = 1, uint highest = 1, uint largest = 65536) =>
        Frame(new() { Hello = new() { LowestVersion = lowest, HighestVersion = highest, LargestFrame = largest, Speaker = "mallory", Incarnation = 1 } });

    private static byte[] Request(ulong id, string method) => Frame(new() { CallId = id, Request = new() { Method = method } });

    private static byte[] Frame(Envelope envelope) => envelope.ToByteArray() is { Length: > 0 } bytes ? bytes : [8, 0];

    private void Send(byte[] frame) => Assert.That(_peer.Send(frame, Wait.Long), Is.EqualTo(RingResult.Done));

    private IEnumerable<Envelope> Received()
    {
        var buffer = new byte[RingSize];
        while (_peer.Receive(buffer, out int length, Short) == RingResult.Done)
            yield return Envelope.Parser.ParseFrom(buffer, 0, length);
    }

    private Response Answer(ulong id) => Received().First(e => e.CallId == id && e.ContentCase == Envelope.ContentOneofCase.Response).Response;
}
