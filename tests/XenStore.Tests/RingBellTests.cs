using System;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Microkernel.XenStore.Tests.Support;
using NUnit.Framework;

namespace Microkernel.XenStore.Tests;

/// <summary>A domain that rings only when it must is never left waiting, whatever the two threads do at the same time.</summary>
public sealed class RingBellTests
{
    private const int Requests = 20_000;
    private readonly BellPage _page = new();
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromSeconds(60));

    [OneTimeTearDown]
    public void Dispose() => _stop.Dispose();

    [Test]
    public async Task EveryRequestIsAnsweredAlthoughTheDomainRingsSeldom()
    {
        StoreServer server = Servers.New();
        TestClient control = TestClient.Control(server);
        control.Write("/d5", "");
        control.SetPermissions("/d5", "n5");
        server.Domains.Host = new Host(server, _page);
        Assert.That(control.Send(MessageType.Introduce, "5\01\01\0"), Is.EqualTo(Answer.Ok));
        Task serving = Task.Run(() => Serve(server, (RingConnection)server.Domains.Find(5)!.Client!.Connection!));
        Task sending = Task.Run(Send);
        int answered = await Task.Run(Receive);
        Assert.That(answered, Is.EqualTo(Requests), "the rest was never answered");
        await sending;
        await _stop.CancelAsync();
        await serving;
    }

    private void Serve(StoreServer server, RingConnection ring)
    {
        var ready = new ReadyRings(server);
        try
        {
            while (true)
            {
                if (ready.IsEmpty)
                    _page.ServerBell.Wait(_stop.Token);
                ready.Add(ring);
                ready.ServeTurn();
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    // The head and the rest of a message are written one after the other, as Linux does.
    private void Send()
    {
        byte[] head = new byte[MessageHeader.Size];
        for (uint i = 0; i < Requests; i++)
        {
            byte[] payload = Encoding.ASCII.GetBytes(i % 3 == 0 ? $"/d5/a\0{new string('x', (int)(i % 1500))}" : "/d5/a\0");
            new MessageHeader(i % 3 == 0 ? MessageType.Write : MessageType.Read, i, 0, (uint)payload.Length).Write(head);
            _page.Write(head, _stop.Token);
            _page.Write(payload, _stop.Token);
        }
    }

    private int Receive()
    {
        byte[] head = new byte[MessageHeader.Size];
        byte[] payload = new byte[MessageHeader.LargestPayload];
        for (int answered = 0; answered < Requests; answered++)
        {
            try
            {
                _page.Read(head, _stop.Token);
                MessageHeader header = MessageHeader.Read(head);
                Assert.That(header.Request, Is.EqualTo(answered));
                _page.Read(payload.AsSpan(0, (int)header.Length), _stop.Token);
            }
            catch (OperationCanceledException)
            {
                return answered;
            }
        }
        return Requests;
    }

    private sealed class Host(StoreServer server, BellPage page) : DomainHost
    {
        public override bool Connect(Domain domain)
        {
            _ = new RingConnection(server, domain, page);
            return true;
        }
    }
}
