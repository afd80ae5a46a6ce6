using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using Microkernel.XenStore.Tests.Support;
using NUnit.Framework;

namespace Microkernel.XenStore.Tests.Tools;

/// <summary>The server's socket, as clients use it that do not wait for each answer.</summary>
public sealed class SocketTests
{
    private ServerProcess _server = null!;

    [OneTimeSetUp]
    public void Start() => _server = new ServerProcess();

    [OneTimeTearDown]
    public void Stop() => _server.Dispose();

    [Test]
    public void ManyRequestsAtATimeAreAllAnswered()
    {
        using var peer = new SocketPeer(_server.Socket);
        peer.Send(MessageType.Write, "/long\0" + new string('v', 4000));
        const int Count = 20_000;
        // Far more than the sockets' buffers hold, in both directions.
        byte[] requests = [.. Enumerable.Range(0, Count).SelectMany(static i => Request((uint)i, "/long\0"))];
        Task sending = Task.Run(() => peer.SendRaw(requests));
        for (uint i = 0; i < Count; i++)
        {
            (MessageHeader header, string payload) = peer.Receive();
            Assert.That(header.Request, Is.EqualTo(i));
            Assert.That(payload, Has.Length.EqualTo(4000));
        }
        sending.GetAwaiter().GetResult();
    }

    [Test]
    public void AMessageMayComeByteByByte()
    {
        using var peer = new SocketPeer(_server.Socket);
        foreach (byte b in Request(7, "/\0"))
            peer.SendRaw([b]);
        Assert.That(peer.Receive().Header.Request, Is.EqualTo(7));
    }

    [Test]
    public void WhoHasSentEverythingGetsItsAnswersAndThenTheEnd()
    {
        using var peer = new SocketPeer(_server.Socket);
        peer.SendRaw([.. Enumerable.Range(0, 100).SelectMany(static i => Request((uint)i, "/\0"))]);
        peer.EndSending();
        for (uint i = 0; i < 100; i++)
            Assert.That(peer.Receive().Header.Request, Is.EqualTo(i));
        Assert.That(() => peer.Receive(), Throws.InstanceOf<EndOfStreamException>());
    }

    [Test]
    public void AProgramThatCannotBeStartedIsNoEnd()
    {
        string junk = Path.Combine(_server.Folder, "junk");
        File.WriteAllText(junk, "no program");
        using var peer = new SocketPeer(_server.Socket);
        peer.Send(MessageType.Write, "/before\0value");
        Assert.That(peer.Send(MessageType.Control, $"live-update\0-f\0{junk}\0").Text, Does.Contain("not executable"));
        Assert.That(peer.Send(MessageType.Control, $"live-update\0-f\0{junk}-none\0").Text, Does.Contain("there is no"));
        File.SetUnixFileMode(junk, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Assert.That(peer.Send(MessageType.Control, $"live-update\0-f\0{junk}\0"), Is.EqualTo(Answer.Ok));
        Assert.That(peer.Send(MessageType.Control, "live-update\0-s\0"), Is.EqualTo(Answer.Ok));
        Assert.That(peer.Send(MessageType.Read, "/before\0").Text, Is.EqualTo("value"));
        using var another = new SocketPeer(_server.Socket);
        Assert.That(another.Send(MessageType.Read, "/before\0").Text, Is.EqualTo("value"));
        Assert.That(_server.Log, Does.Contain("cannot be started"));
        Assert.That(peer.Send(MessageType.Control, "live-update\0-s\0"), Is.EqualTo(Answer.Ok), "the next one is this program again");
        Assert.That(peer.Send(MessageType.Read, "/before\0").Text, Is.EqualTo("value"));
    }

    private static byte[] Request(uint number, string payload)
    {
        byte[] bytes = new byte[MessageHeader.Size + payload.Length];
        new MessageHeader(MessageType.Read, number, 0, (uint)payload.Length).Write(bytes);
        Encoding.Latin1.GetBytes(payload, bytes.AsSpan(MessageHeader.Size));
        return bytes;
    }
}
