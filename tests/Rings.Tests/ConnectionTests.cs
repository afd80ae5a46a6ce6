using System;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microkernel.Rings.Peer;
using NUnit.Framework;

namespace Microkernel.Rings.Tests;

/// <summary>Both sides of a connection, waiting and being woken, in one process.</summary>
public sealed class ConnectionTests
{
    private const int RingSize = 4096;
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(30);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private RingConnection _first = null!;
    private RingConnection _second = null!;
    private LocalTransport _transport = null!;

    [SetUp]
    public void Connect()
    {
        (_transport, LocalTransport second) = LocalTransport.CreatePair(RingSize);
        _first = new RingConnection(_transport);
        _second = new RingConnection(second);
    }

    [TearDown]
    public void Disconnect()
    {
        _first.Dispose();
        _second.Dispose();
    }

    [Test]
    public void MessagesPassInBothDirections()
    {
        Assert.That(_first.Send("ping"u8, Short), Is.EqualTo(RingResult.Done));
        Assert.That(_second.Send("pong"u8, Short), Is.EqualTo(RingResult.Done));
        var buffer = new byte[100];
        Assert.That(_first.Receive(buffer, out int length, Short), Is.EqualTo(RingResult.Done));
        Assert.That(buffer[..length], Is.EqualTo("pong"u8.ToArray()));
        Assert.That(_second.Receive(buffer, out length, Short), Is.EqualTo(RingResult.Done));
        Assert.That(buffer[..length], Is.EqualTo("ping"u8.ToArray()));
    }

    [Test]
    public void NobodyWaitsLongerThanHeWants()
    {
        var buffer = new byte[_first.LargestMessage];
        Assert.That(_first.Send(buffer, TimeSpan.Zero), Is.EqualTo(RingResult.Done));
        foreach (TimeSpan timeout in new[] { TimeSpan.Zero, Short })
        {
            long start = Stopwatch.GetTimestamp();
            Assert.That(_first.Receive(buffer, out _, timeout), Is.EqualTo(RingResult.Wait));
            Assert.That(_first.Send(buffer, timeout), Is.EqualTo(RingResult.Wait));
            Assert.That(Stopwatch.GetElapsedTime(start), Is.GreaterThanOrEqualTo(timeout).And.LessThan(Long));
        }
    }

    [Test]
    public void ADirectionThatIsTakenIsNotWaitedForTooLong()
    {
        var buffer = new byte[10];
        Task<RingResult> receiver = Run(() => _first.Receive(new byte[10], out _, Long));
        Thread.Sleep(Short);
        Assert.That(_first.Receive(buffer, out _, Short), Is.EqualTo(RingResult.Wait));
        _second.Send("x"u8, Short);
        Assert.That(receiver.Result, Is.EqualTo(RingResult.Done));
    }

    [Test]
    public void BothDirectionsStreamAtOnceAndEachWaitIsWoken([Range(1, 4)] int seed)
    {
        const int Count = 5000;
        Task[] tasks =
        [
            Run(() => SendAll(_first, seed, Count)), Run(() => ReceiveAll(_second, seed, Count)),
            Run(() => SendAll(_second, seed + 100, Count)), Run(() => ReceiveAll(_first, seed + 100, Count)),
        ];
        Assert.That(Task.WaitAll(tasks, Long), Is.True, "somebody sleeps for ever");
    }

    [Test]
    public void ManySendersDoNotMixTheirMessages()
    {
        Task[] senders = [.. Enumerable.Range(0, 4).Select(sender => Run(() =>
        {
            byte[] message = [.. Enumerable.Repeat((byte)sender, 300)];
            for (int i = 0; i < 500; i++)
                Assert.That(_first.Send(message, Long), Is.EqualTo(RingResult.Done));
            return 0;
        }))];
        var buffer = new byte[300];
        for (int i = 0; i < 2000; i++)
        {
            Assert.That(_second.Receive(buffer, out int length, Long), Is.EqualTo(RingResult.Done));
            Assert.That((length, buffer.Distinct().Count()), Is.EqualTo((300, 1)));
        }

        Assert.That(Task.WaitAll(senders, Long), Is.True);
    }

    [Test]
    public void DisposeEndsAllWaitingOnBothSidesAndLosesNothingSent()
    {
        var full = new byte[_first.LargestMessage];
        _first.Send(full, Short);
        Task<RingResult>[] waiting =
        [
            Run(() => _first.Send(full, Timeout.InfiniteTimeSpan)),
            Run(() => _first.Receive(new byte[10], out _, Timeout.InfiniteTimeSpan)),
        ];
        Thread.Sleep(Short);
        _first.Dispose();
        Assert.That(Task.WaitAll(waiting, Long), Is.True);
        Assert.That(waiting.Select(static w => w.Result), Is.All.EqualTo(RingResult.Closed));
        Assert.That(_second.Receive(full, out int length, Short), Is.EqualTo(RingResult.Done));
        Assert.That(length, Is.EqualTo(full.Length));
        Assert.That(_second.Receive(full, out _, Long), Is.EqualTo(RingResult.Closed));
        Assert.That(_first.Send("x"u8, Short), Is.EqualTo(RingResult.Closed));
    }

    [Test]
    public void WhatIsSentWhileTheReceiverLooksWhetherAnybodyIsThereIsNotLost([Range(1, 3)] int look)
    {
        (LocalTransport own, LocalTransport peer) = LocalTransport.CreatePair(RingSize);
        var sender = new RingConnection(peer);
        using var receiver = new RingConnection(new InterruptedTransport(own, look, () =>
        {
            sender.Send("last words"u8, Short);
            sender.Dispose();
        }));
        Assert.That(receiver.Receive(new byte[10], out int length, Long), Is.EqualTo(RingResult.Done));
        Assert.That(length, Is.EqualTo(10));
        Assert.That(receiver.Receive(new byte[10], out _, Long), Is.EqualTo(RingResult.Closed));
    }

    [Test]
    public void AFaultClosesOneDirectionAndTheOtherSideIsTold()
    {
        var full = new byte[_first.LargestMessage];
        _first.Send(full, Short);
        Task<RingResult> waiting = Run(() => _first.Send(full, Long));
        Thread.Sleep(Short);
        RingLayout.HalfWord(RingLayout.Queue(_transport.Memory, isSecond: false), RingLayout.Data) = 0;
        Assert.That(_second.Receive(full, out _, Short), Is.EqualTo(RingResult.Closed));
        Assert.That(_second.ReceiveState, Is.EqualTo(RingState.BadLength));
        Assert.That(waiting.Result, Is.EqualTo(RingResult.Closed));
        Assert.That(_first.SendState, Is.EqualTo(RingState.ClosedByPeer));
        Assert.That(_second.SendState, Is.EqualTo(RingState.Open));
    }

    [Test]
    public void NotificationsWithoutReasonWakeNobodyForLong()
    {
        bool isOver = false;
        var noise = new Thread(() =>
        {
            while (!Volatile.Read(ref isOver))
                _transport.Notify();
        });
        noise.Start();
        Assert.That(_second.Receive(new byte[10], out _, Short), Is.EqualTo(RingResult.Wait));
        Volatile.Write(ref isOver, true);
        noise.Join();
    }

    [Test]
    public void TooLittleMemoryIsRefused() =>
        Assert.That(() => new RingConnection(LocalTransport.CreatePair(300).First), Throws.TypeOf<ArgumentOutOfRangeException>());

    internal static int SendAll(RingConnection connection, int seed, int count)
    {
        var buffer = new byte[connection.LargestMessage];
        for (int i = 0; i < count; i++)
            Assert.That(connection.Send(Pattern.Make(buffer, seed, i, buffer.Length), Long), Is.EqualTo(RingResult.Done));
        return count;
    }

    internal static int ReceiveAll(RingConnection connection, int seed, int count)
    {
        byte[] buffer = new byte[connection.LargestMessage], expected = new byte[buffer.Length];
        for (int i = 0; i < count; i++)
        {
            Assert.That(connection.Receive(buffer, out int length, Long), Is.EqualTo(RingResult.Done));
            Assert.That(buffer.AsSpan(0, length).SequenceEqual(Pattern.Make(expected, seed, i, expected.Length)), Is.True, $"message {i}");
        }

        return count;
    }

    private static Task<T> Run<T>(Func<T> body) => Task.Factory.StartNew(body, TaskCreationOptions.LongRunning);
}
