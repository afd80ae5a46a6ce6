using System;
using System.Collections.Generic;
using System.Linq;
using Microkernel.XenStore.Tests.Support;
using NUnit.Framework;

namespace Microkernel.XenStore.Tests;

/// <summary>Domains' rings: honest ones, and others.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RingTests
{
    private readonly MemoryDomains _domains = new();
    private readonly MemoryPage _page = new();
    private readonly StoreServer _server = Servers.New();

    [SetUp]
    public void Introduce()
    {
        _domains.Pages[5] = _page;
        _server.Domains.Host = _domains.For(_server);
        TestClient control = TestClient.Control(_server);
        control.Write("/d5", "");
        control.SetPermissions("/d5", "n5");
        Assert.That(control.Send(MessageType.Introduce, "5\01\01\0"), Is.EqualTo(Answer.Ok));
    }

    [Test]
    public void RequestsAreAnsweredInOrder()
    {
        Assert.That(_page.Get(RingFields.Features), Is.EqualTo(7));
        for (uint i = 0; i < 1000; i++)
        {
            byte[] request = _page.Request(MessageType.Write, $"/d5/{i % 7}\0{i}");
            Assert.That(_page.Write(request), Is.EqualTo(request.Length));
            MemoryDomains.Serve(_server);
            List<(MessageHeader Header, string Payload)> answers = _page.Receive();
            Assert.That(answers, Has.Count.EqualTo(1));
            Assert.That(answers[0].Payload, Is.EqualTo("OK\0"));
            Assert.That(answers[0].Header.Request, Is.EqualTo(i + 1));
        }
    }

    [Test]
    public void ALongRequestAndALongAnswerComeInParts()
    {
        string value = new('x', 2000);
        Assert.That(Transfer(_page.Request(MessageType.Write, $"/d5/long\0{value}")).Single(), Is.EqualTo("OK\0"));
        Assert.That(Transfer(_page.Request(MessageType.Read, "/d5/long\0")).Single(), Is.EqualTo(value));
    }

    [Test]
    public void AMessageThatIsTooLongEndsTheConnectionUntilItBeginsAgain()
    {
        byte[] bad = _page.Request(MessageType.Write, "/d5/a\0");
        new MessageHeader(MessageType.Write, 1, 0, 4097).Write(bad);
        _page.Write(bad);
        MemoryDomains.Serve(_server);
        Assert.That(_page.Get(RingFields.Error), Is.EqualTo((uint)RingError.Protocol));
        _page.Set(RingFields.Connection, RingFields.Reconnect);
        MemoryDomains.Serve(_server);
        Assert.That(_page.Get(RingFields.Connection), Is.EqualTo(RingFields.Connected));
        Assert.That(_page.Get(RingFields.Error), Is.Zero);
        Assert.That(Transfer(_page.Request(MessageType.Write, "/d5/a\0again")).Single(), Is.EqualTo("OK\0"));
    }

    [Test]
    public void BeginningAgainForgetsWatchesAndHalfMessages()
    {
        Transfer(_page.Request(MessageType.Watch, "/d5\0token\0"));
        _page.Write(_page.Request(MessageType.Write, "/d5/a\0value").AsSpan(0, 20));
        MemoryDomains.Serve(_server);
        _page.Set(RingFields.Connection, RingFields.Reconnect);
        MemoryDomains.Serve(_server);
        _page.Receive();
        Assert.That(Transfer(_page.Request(MessageType.Write, "/d5/b\0value")), Is.EqualTo(new[] { "OK\0" }), "no event");
        Assert.That(_server.Store.Watches.Count, Is.Zero);
    }

    [Test]
    public void WrongIndicesEndTheConnection([Values(RingFields.RequestProducer, RingFields.ResponseConsumer)] int field)
    {
        Transfer(_page.Request(MessageType.Watch, "/d5\0token\0"));
        _page.Set(field, _page.Get(field) + 5000);
        TestClient.Control(_server).Write("/d5/x", "");
        MemoryDomains.Serve(_server);
        Assert.That(_page.Get(RingFields.Error), Is.EqualTo((uint)RingError.Index));
        Assert.That(_server.Store.Watches.Count, Is.Zero);
    }

    [Test]
    public void WhoDoesNotTakeItsAnswersWaitsForItself()
    {
        TestClient control = TestClient.Control(_server);
        control.Write("/d5/long", new string('x', 2000));
        byte[] requests = [.. Enumerable.Range(0, 100).SelectMany(_ => _page.Request(MessageType.Read, "/d5/long\0"))];
        int sent = 0;
        for (int round = 0; round < 100; round++)
        {
            sent += _page.Write(requests.AsSpan(sent));
            MemoryDomains.Serve(_server);
        }
        Client client = _server.Domains.Find(5)!.Client!;
        Assert.That(client.MayRequest, Is.False);
        Assert.That(client.Output.Length, Is.LessThan(16 << 10));
        Assert.That(sent, Is.LessThan(requests.Length), "its queue is full");
        Assert.That(control.Write("/other", "1"), Is.EqualTo(Answer.Ok));
        int answers = 0;
        for (int round = 0; round < 1000 && answers < 100; round++)
        {
            answers += _page.Receive().Count;
            sent += _page.Write(requests.AsSpan(sent));
            MemoryDomains.Serve(_server);
        }
        Assert.That(answers, Is.EqualTo(100), "nothing is lost");
    }

    [Test]
    public void AHostilePageHarmsNobodyElse()
    {
        TestClient control = TestClient.Control(_server);
        control.Write("/safe", "value");
        var random = new Random(4711);
        for (int round = 0; round < 30_000; round++)
        {
            switch (random.Next(6))
            {
                case 0:
                    _page.Set(random.Next(RingFields.RequestConsumer / 4, RingFields.Size / 4) * 4, (uint)random.Next());
                    break;
                case 1:
                    _page.Array[random.Next(RingFields.Size)] = (byte)random.Next(256);
                    break;
                case 2:
                    _page.Set(RingFields.Connection, RingFields.Reconnect);
                    break;
                default:
                    var type = (MessageType)random.Next(28);
                    _page.Write(_page.Request(type, $"/d5/{random.Next(5)}\0{random.Next(3)}\0"));
                    break;
            }
            MemoryDomains.Serve(_server);
            if (random.Next(2) == 0)
                Drain(random);
        }
        Assert.That(control.Read("/safe").Text, Is.EqualTo("value"));
        Assert.That(StoreCheck.Run(_server.Store), Is.Null);
    }

    private void Drain(Random random) =>
        _page.Set(RingFields.ResponseConsumer, _page.Get(RingFields.ResponseProducer) - (uint)random.Next(3));

    private List<string> Transfer(byte[] request)
    {
        List<string> payloads = [];
        int sent = 0;
        for (int round = 0; round < 100 && (sent < request.Length || payloads.Count == 0); round++)
        {
            sent += _page.Write(request.AsSpan(sent));
            MemoryDomains.Serve(_server);
            payloads.AddRange(_page.Receive().Select(static m => m.Payload));
        }
        return payloads;
    }
}
