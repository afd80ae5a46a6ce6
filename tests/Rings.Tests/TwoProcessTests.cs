using System;
using System.Diagnostics;
using System.IO;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Microkernel.Rings.Peer;
using NUnit.Framework;

namespace Microkernel.Rings.Tests;

/// <summary>A ring between this process and another one.</summary>
public sealed class TwoProcessTests
{
    private const int RingSize = 3 * 4096;
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private string _folder = "";

    private string Name => Path.Combine(_folder, "ring");

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("ring-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void WhatIsSentComesBack()
    {
        using Process peer = Start("echo", 0);
        using (RingConnection connection = Listen())
        {
            Assert.That(Directory.GetFileSystemEntries(_folder), Is.Empty, "both sides have it: no name is needed any more");
            Task<int> sender = Task.Run(() => ConnectionTests.SendAll(connection, 5, 3000));
            ConnectionTests.ReceiveAll(connection, 5, 3000);
            Assert.That(sender.Wait(Long), Is.True);
        }

        Assert.That(peer.WaitForExit(Long), Is.True);
        Assert.That(peer.ExitCode, Is.Zero);
    }

    [Test]
    public void OneMessageAtATimeMakesBothSidesSleepAndWakeEachTime()
    {
        using Process peer = Start("echo", 0);
        using RingConnection connection = Listen();
        byte[] sent = new byte[100], received = new byte[100];
        for (int i = 0; i < 3000; i++)
        {
            Span<byte> message = Pattern.Make(sent, 1, i, sent.Length);
            Assert.That(connection.Send(message, Long), Is.EqualTo(RingResult.Done));
            Assert.That(connection.Receive(received, out int length, Long), Is.EqualTo(RingResult.Done), $"lost after {i}");
            Assert.That(message.SequenceEqual(received.AsSpan(0, length)), Is.True);
        }
    }

    [Test]
    public void AStreamThatTheReceiverCannotKeepUpWithArrivesWhole()
    {
        using Process peer = Start("source", 77);
        using RingConnection connection = Listen();
        ConnectionTests.ReceiveAll(connection, 77, 5000);
    }

    [Test]
    public void TheEndOfAPeerEndsTheConnectionAfterItsLastWords()
    {
        using Process peer = Start("dying", 0);
        using RingConnection connection = Listen();
        var buffer = new byte[connection.LargestMessage];
        Assert.That(connection.Receive(buffer, out int length, Long), Is.EqualTo(RingResult.Done));
        Assert.That(length, Is.EqualTo(10));
        Assert.That(connection.Receive(buffer, out _, Timeout.InfiniteTimeSpan), Is.EqualTo(RingResult.Closed));
        while (connection.Send(buffer, Timeout.InfiniteTimeSpan) == RingResult.Done)
        {
        }
    }

    [Test]
    public void AHostileProcessCanCloseTheRingAndNothingElse([Range(1, 3)] int seed)
    {
        using Process peer = Start("hostile", seed);
        using (RingConnection connection = Listen())
        {
            var buffer = new byte[500];
            long start = Environment.TickCount64;
            while (Environment.TickCount64 < start + 500)
            {
                long step = Environment.TickCount64;
                RingResult received = connection.Receive(buffer, out _, TimeSpan.FromMilliseconds(5));
                RingResult sent = connection.Send(buffer, TimeSpan.FromMilliseconds(5));
                Assert.That(Environment.TickCount64 - step, Is.LessThan(20_000), "hangs");
                if ((received, sent) == (RingResult.Closed, RingResult.Closed))
                    break;
            }
        }

        Assert.That(peer.WaitForExit(Long), Is.True);
    }

    [Test]
    public void NobodyComes() =>
        Assert.That(() => SharedMemoryTransport.Listen(Name, RingSize, TimeSpan.FromMilliseconds(10)), Throws.TypeOf<TimeoutException>());

    [Test]
    public void NobodyListens() =>
        Assert.That(() => SharedMemoryTransport.Connect(Name, RingSize, TimeSpan.FromMilliseconds(10)), Throws.InstanceOf<IOException>());

    [Test]
    public void BothMustAgreeAboutTheSize()
    {
        Task<SharedMemoryTransport> listener = Task.Run(() => SharedMemoryTransport.Listen(Name, RingSize, TimeSpan.FromMilliseconds(500)));
        Assert.That(() => SharedMemoryTransport.Connect(Name, RingSize * 2, TimeSpan.FromMilliseconds(100)), Throws.InstanceOf<IOException>().Or.TypeOf<InvalidDataException>());
        Assert.That(() => listener.Wait(Long), Throws.TypeOf<AggregateException>().With.InnerException.TypeOf<TimeoutException>());
    }

    [Test]
    public void AnotherListenersNameIsLeftAlone()
    {
        using var other = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        other.Bind(new UnixDomainSocketEndPoint(Name));
        Assert.That(() => SharedMemoryTransport.Listen(Name, RingSize, TimeSpan.Zero), Throws.TypeOf<SocketException>());
        Assert.That(File.Exists(Name), Is.True);
    }

    [Test]
    public void TheMemoryOfADisposedTransportIsNotReached()
    {
        using Process peer = Start("echo", 0);
        SharedMemoryTransport transport = SharedMemoryTransport.Listen(Name, RingSize, Long);
        transport.Dispose();
        Assert.That(() => transport.Memory.Length, Throws.TypeOf<ObjectDisposedException>());
    }

    private RingConnection Listen() => new(SharedMemoryTransport.Listen(Name, RingSize, Long));

    private Process Start(string role, int seed)
    {
        string folder = AppContext.BaseDirectory.Replace("/tests/Rings.Tests/", "/tests/Rings.Peer/", StringComparison.Ordinal);
        return Process.Start(Path.Combine(folder, "Rings.Peer"), [role, Name, RingSize.ToString(), seed.ToString()]);
    }
}
