using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using NUnit.Framework;

namespace Microkernel.XenStore.Tests.Tools;

/// <summary>Debian's own xenstore-* programs against ours, on plain Linux.</summary>
public sealed class DebianToolsTests
{
    private ServerProcess _server = null!;

    [OneTimeSetUp]
    public void Start()
    {
        if (!File.Exists("/usr/bin/xenstore-read"))
            Assert.Ignore("Debian's package xenstore-utils is not installed");
        _server = new ServerProcess();
    }

    [OneTimeTearDown]
    public void Stop() => _server?.Dispose();

    [Test]
    public void TheyReadAndWrite()
    {
        Assert.That(_server.Run("xenstore-write", "/rw/a", "hello", "/rw/b", "world").Code, Is.Zero);
        Assert.That(_server.Run("xenstore-read", "/rw/a", "/rw/b"), Is.EqualTo((0, "hello\nworld\n")));
        Assert.That(_server.Run("xenstore-list", "/rw"), Is.EqualTo((0, "a\nb\n")));
        Assert.That(_server.Run("xenstore-exists", "/rw/a").Code, Is.Zero);
        Assert.That(_server.Run("xenstore-exists", "/rw/none").Code, Is.EqualTo(1));
        Assert.That(_server.Run("xenstore-read", "/rw/none").Code, Is.EqualTo(1));
        Assert.That(_server.Run("xenstore-rm", "/rw/a").Code, Is.Zero);
        Assert.That(_server.Run("xenstore-list", "/rw"), Is.EqualTo((0, "b\n")));
        Assert.That(_server.Run("xenstore-rm", "-t", "/rw/b").Code, Is.Zero);
        Assert.That(_server.Run("xenstore-exists", "/rw").Code, Is.EqualTo(1), "-t removes what is empty above");
    }

    [Test]
    public void TheyShowAndChangePermissions()
    {
        _server.Run("xenstore-write", "/perm/a/b", "value");
        Assert.That(_server.Run("xenstore-chmod", "-r", "/perm", "n5", "r7", "b8").Code, Is.Zero);
        Assert.That(_server.Run("xenstore-ls", "-f", "-p", "/perm").Output, Does.Contain("/perm/a/b = \"value\"   (n5,r7,b8)"));
        Assert.That(_server.Run("xenstore-ls", "-p", "/perm").Output.Split('\n').Count(static l => l.Contains("(n5,r7,b8)")), Is.EqualTo(2));
    }

    [Test]
    public void TheyListWhatIsLongerThanAMessage()
    {
        string[] pairs = [.. Enumerable.Range(0, 600).SelectMany(static i => new[] { $"/long/a-rather-long-name-{i:D4}", "x" })];
        Assert.That(_server.Run("xenstore-write", pairs).Code, Is.Zero);
        Assert.That(_server.Run("xenstore-list", "/long").Output.Split('\n'), Has.Length.EqualTo(601));
    }

    [Test]
    public void TheyWatch()
    {
        var start = new ProcessStartInfo("xenstore-watch", ["-n", "3", "/watched"]) { RedirectStandardOutput = true };
        start.Environment["XENSTORED_PATH"] = _server.Socket;
        using Process watch = Process.Start(start)!;
        Assert.That(watch.StandardOutput.ReadLine(), Is.EqualTo("/watched"));
        _server.Run("xenstore-write", "/watched/x", "1");
        Assert.That(watch.StandardOutput.ReadLine(), Is.EqualTo("/watched/x"));
        _server.Run("xenstore-rm", "/watched");
        Assert.That(watch.StandardOutput.ReadLine(), Is.EqualTo("/watched"));
        Assert.That(watch.WaitForExit(10_000), Is.True);
    }

    [Test]
    public void ALiveUpdateKeepsTheStoreAndItsClients()
    {
        _server.Run("xenstore-write", "/kept", "value");
        using var peer = new SocketPeer(_server.Socket);
        peer.Send(MessageType.Watch, "/kept\0token\0");
        Assert.That(peer.Receive().Header.Type, Is.EqualTo(MessageType.WatchEvent));
        string transaction = peer.Send(MessageType.TransactionStart, "\0").Text.TrimEnd('\0');
        Assert.That(peer.Send(MessageType.Control, "live-update\0-s\0").Text, Is.EqualTo("BUSY\0"));
        Assert.That(peer.Send(MessageType.Control, "live-update\0-s\0-F\0").Text, Is.EqualTo("OK\0"));
        Assert.That(peer.Send(MessageType.Read, "/kept\0").Text, Is.EqualTo("value"));
        Assert.That(peer.Send(MessageType.TransactionEnd, "T\0", uint.Parse(transaction, CultureInfo.InvariantCulture)).Error, Is.EqualTo("EAGAIN"));
        _server.Run("xenstore-write", "/kept", "another");
        Assert.That(peer.Receive().Payload, Is.EqualTo("/kept\0token\0"));
        Assert.That(_server.Log, Does.Contain("live update"));
    }

    [Test]
    public void AMessageThatIsTooLongEndsTheConnectionOnly()
    {
        using var peer = new SocketPeer(_server.Socket);
        byte[] bad = new byte[MessageHeader.Size];
        new MessageHeader(MessageType.Read, 1, 0, 4097).Write(bad);
        peer.SendRaw(bad);
        Assert.That(() => peer.Receive(), Throws.InstanceOf<IOException>());
        Assert.That(_server.Run("xenstore-exists", "/").Code, Is.Zero);
    }
}
