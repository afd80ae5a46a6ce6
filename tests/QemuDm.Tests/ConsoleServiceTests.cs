using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Google.Protobuf;
using Grpc.Core;
using Microkernel.Protos.Console;
using Microkernel.Rpc.Local;
using NUnit.Framework;
using Api = Microkernel.Protos.Console.Console;

namespace Microkernel.Services.QemuDm.Tests;

/// <summary>qemu-dm's calls, with guests in memory.</summary>
public sealed class ConsoleServiceTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    private FakeLinks _links = null!;
    private FakeGuest _guest = null!;
    private ConsoleService _service = null!;
    private LocalRing _ring = null!;
    private Api.ConsoleClient _client = null!;

    [SetUp]
    public void Start()
    {
        _links = new FakeLinks();
        _guest = _links.Add(7);
        Restart();
    }

    [TearDown]
    public void Stop()
    {
        _ring.Dispose();
        _service.Dispose();
    }

    [Test]
    public void WhatWasWrittenBeforeAndAfterIsReadByEverybody()
    {
        _guest.Write("before ");
        Connect();
        using AsyncServerStreamingCall<Output> one = Attach(), other = Attach();
        Assert.That(ReadUntil(one, "before "), Is.Zero);
        _guest.Write("after");
        ReadUntil(one, "after");
        ReadUntil(other, "before after");
        Assert.That(_guest.OutCons, Is.EqualTo(12));
        Assert.That(_guest.Notifications, Is.GreaterThan(0));
    }

    [Test]
    public void WithoutFollowingTheStreamEnds()
    {
        Connect();
        _guest.Write("text");
        using AsyncServerStreamingCall<Output> call = Attach(follow: false);
        Assert.That(ReadAll(call), Is.EqualTo("text"));
    }

    [Test]
    public void KeysReachTheGuestUntilItTakesNoMore()
    {
        Connect();
        Assert.That(Write("ls\r"), Is.EqualTo(3));
        Assert.That(_guest.Read(), Is.EqualTo("ls\r"));
        Assert.That(Write(new string('x', 2000)), Is.EqualTo(ConsolePage.InputSize));
        Fails(StatusCode.ResourceExhausted, () => Write("y"));
    }

    [Test]
    public void ASecondConnectionToTheSamePortChangesNothing()
    {
        Connect();
        _guest.Write("kept");
        Connect();
        using AsyncServerStreamingCall<Output> call = Attach(follow: false);
        Assert.That(ReadAll(call), Is.EqualTo("kept"));
    }

    [Test]
    public void AnotherPortOfTheSameDomainGoesOn()
    {
        Connect();
        _guest.Write("old ");
        Connect(port: 99);
        _guest.Write("new");
        using AsyncServerStreamingCall<Output> call = Attach(follow: false);
        Assert.That(ReadAll(call), Is.EqualTo("old new"));
    }

    [Test]
    public void AnotherLifeOfTheNumberHasAConsoleOfItsOwn()
    {
        Connect();
        _guest.Write("old");
        _links.Add(7);
        Connect(generation: 2);
        _links.Guests[7].Write("new");
        using AsyncServerStreamingCall<Output> call = Attach(follow: false);
        Assert.That(ReadAll(call), Is.EqualTo("new"));
        Fails(StatusCode.NotFound, () => Disconnect(generation: 1));
    }

    [Test]
    public void AfterARestartPositionsGoOnAndSayWhatIsLost()
    {
        Connect();
        _guest.Write("lost");
        using (AsyncServerStreamingCall<Output> call = Attach())
            ReadUntil(call, "lost");
        Stop();
        _guest.IsMapped = false;
        _guest.Notified = null;
        _guest.Write(" kept");
        Restart();
        Connect();
        using AsyncServerStreamingCall<Output> again = Attach(from: 2);
        Assert.That(ReadUntil(again, " kept"), Is.EqualTo(4));
    }

    [Test]
    public void AReaderGoesOnWhereHeWas()
    {
        Connect();
        _guest.Write("0123456789");
        using AsyncServerStreamingCall<Output> call = Attach(from: 6, follow: false);
        Assert.That(ReadAll(call), Is.EqualTo("6789"));
    }

    [Test]
    public void TheEndOfADomainUnmapsItAtOnceAndItsLastWordsAreRead()
    {
        Connect();
        using AsyncServerStreamingCall<Output> call = Attach();
        _guest.Write("1");
        ReadUntil(call, "1");
        _guest.Notified = null;
        _guest.Write("last");
        Disconnect();
        Assert.That(_guest.IsMapped, Is.False);
        Assert.That(ReadAll(call), Is.EqualTo("last"));
        Fails(StatusCode.NotFound, () => Write("x"));
        Fails(StatusCode.NotFound, () => Disconnect());
    }

    [Test]
    public void AGuestThatCannotBeReachedIsToldOfAndLeavesNothing()
    {
        _guest.IsGone = true;
        Fails(StatusCode.FailedPrecondition, () => Connect());
        _guest.IsGone = false;
        Connect();
    }

    [Test]
    public void ReadersWhoDoNotReadHoldUpNobody()
    {
        Connect();
        using AsyncServerStreamingCall<Output> idle = Attach(), busy = Attach();
        var line = new byte[1000];
        for (int i = 0; i < 900; i++)
            Assert.That(_guest.Write(line), Is.EqualTo(line.Length));
        ulong read = 0;
        while (read < 900_000)
        {
            Assert.That(Next(busy), Is.True);
            read = busy.ResponseStream.Current.Position + (ulong)busy.ResponseStream.Current.Data.Length;
        }

        // What the idle one fetches now has gaps, and says so.
        ulong position = 0, bytes = 0;
        while (position < 900_000)
        {
            Assert.That(Next(idle), Is.True);
            position = idle.ResponseStream.Current.Position + (ulong)idle.ResponseStream.Current.Data.Length;
            bytes += (ulong)idle.ResponseStream.Current.Data.Length;
        }

        Assert.That(bytes, Is.LessThanOrEqualTo(900_000));
    }

    [Test]
    public void AGuestThatWritesWithoutEndIsMadeToWaitAndOthersAreServed()
    {
        FakeGuest other = _links.Add(8);
        Connect();
        Connect(domain: 8);
        bool isOver = false;
        long written = 0;
        var flood = new Thread(() =>
        {
            var line = new byte[2048];
            while (!Volatile.Read(ref isOver))
                written += _guest.Write(line);
        });
        long start = Environment.TickCount64;
        flood.Start();
        for (int i = 0; i < 20; i++)
        {
            other.Write("x");
            Thread.Sleep(10);
        }

        using AsyncServerStreamingCall<Output> call = Attach(domain: 8, follow: false);
        Assert.That(ReadAll(call), Is.EqualTo(new string('x', 20)));
        Volatile.Write(ref isOver, true);
        flood.Join();
        double seconds = (Environment.TickCount64 - start) / 1000.0 + 0.5;
        Assert.That(written, Is.LessThan(OutputBudget.Burst + seconds * OutputBudget.PerSecond));
    }

    [Test]
    public void AFloodOfWrongIndicesEndsAndTheConsoleWorksAfterwards()
    {
        Connect();
        var random = new Random(1);
        for (int i = 0; i < 5000; i++)
        {
            _guest.SetWord(ConsolePage.OutProdAt, (uint)random.NextInt64(1L << 32));
            _guest.Notified!();
        }

        using AsyncServerStreamingCall<Output> call = Attach();
        Assert.That(() => _guest.OutCons, Is.EqualTo(_guest.Word(ConsolePage.OutProdAt)).After(10_000, 20));
        _guest.Write("works");
        ReadUntil(call, "works", isSuffix: true);
    }

    [Test]
    public void ThereAreLimits()
    {
        Connect();
        List<AsyncServerStreamingCall<Output>> readers = [.. Enumerable.Range(0, 16).Select(_ => Attach())];
        foreach (AsyncServerStreamingCall<Output> reader in readers)
            Assert.That(Next(reader), Is.True);
        Fails(StatusCode.ResourceExhausted, () => ReadAll(Attach()));
        readers[0].Dispose();
        Assert.That(() => CanAttach(), Is.True.After(5000, 20));
        for (uint domain = 100; domain < 227; domain++)
        {
            _links.Add(domain);
            Connect(domain: domain);
        }

        _links.Add(500);
        Fails(StatusCode.ResourceExhausted, () => Connect(domain: 500));
    }

    private static string ReadAll(AsyncServerStreamingCall<Output> call)
    {
        var text = new StringBuilder();
        while (Next(call))
            text.Append(call.ResponseStream.Current.Data.ToStringUtf8());
        return text.ToString();
    }

    /// <summary>Reads as much as a text has.</summary>
    /// <returns>The position of its beginning.</returns>
    private static ulong ReadUntil(AsyncServerStreamingCall<Output> call, string text, bool isSuffix = false)
    {
        var read = new StringBuilder();
        ulong? start = null;
        while (isSuffix ? !read.ToString().EndsWith(text, StringComparison.Ordinal) : read.Length < text.Length)
        {
            Assert.That(Next(call), Is.True, "the stream ended");
            if (!call.ResponseStream.Current.Data.IsEmpty)
                start ??= call.ResponseStream.Current.Position;
            read.Append(call.ResponseStream.Current.Data.ToStringUtf8());
        }

        if (!isSuffix)
            Assert.That(read.ToString(), Is.EqualTo(text));
        return start!.Value;
    }

    private static bool Next(AsyncServerStreamingCall<Output> call)
    {
        Task<bool> next = call.ResponseStream.MoveNext();
        if (Task.WhenAny(next, Task.Delay(Long)).Result != next)
            Assert.Fail("nothing comes");
        return next.GetAwaiter().GetResult();
    }

    private static void Fails(StatusCode status, Action call) =>
        Assert.That(Assert.Throws<RpcException>(call)!.StatusCode, Is.EqualTo(status));

    private bool CanAttach()
    {
        using AsyncServerStreamingCall<Output> call = Attach(follow: false);
        try
        {
            ReadAll(call);
            return true;
        }
        catch (RpcException)
        {
            return false;
        }
    }

    private void Restart()
    {
        _service = new ConsoleService(_links, ConsoleLimits.Normal);
        _ring = new LocalRing(services => Api.BindService(services, _service));
        _client = new Api.ConsoleClient(_ring.Invoker);
    }

    private void Connect(uint domain = 7, ulong generation = 1, uint port = 3) =>
        _client.Connect(new ConnectRequest { Domain = domain, DomainGeneration = generation, RemotePort = port, Name = "guest" });

    private void Disconnect(ulong generation = 1) => _client.Disconnect(new DisconnectRequest { Domain = 7, DomainGeneration = generation });

    private int Write(string keys) => (int)_client.Write(new WriteRequest { Domain = 7, Data = ByteString.CopyFromUtf8(keys) }).Written;

    private AsyncServerStreamingCall<Output> Attach(uint domain = 7, ulong? from = null, bool follow = true)
    {
        var request = new AttachRequest { Domain = domain, Follow = follow };
        if (from is { } position)
            request.From = position;
        return _client.Attach(request);
    }
}
