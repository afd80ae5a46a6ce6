using System;
using System.Threading;
using System.Threading.Tasks;
using NUnit.Framework;

namespace Microkernel.Rings.Tests;

/// <summary>Two services find each other, lose each other, and find each other again.</summary>
public sealed class RendezvousTests
{
    private const int Size = RendezvousLayout.Size + 4096;
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(30);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private LocalWire _wire = null!;
    private RingRendezvous _first = null!;
    private RingRendezvous _second = null!;

    [SetUp]
    public void Start()
    {
        _wire = new LocalWire(Size);
        _first = new RingRendezvous(_wire.Start(isSecond: false));
        _second = new RingRendezvous(_wire.Start(isSecond: true));
    }

    [TearDown]
    public void Stop()
    {
        _first.Dispose();
        _second.Dispose();
    }

    [TestCase(true)]
    [TestCase(false)]
    public void WhoComesFirstWaits(bool isSecondFirst)
    {
        (RingRendezvous early, RingRendezvous late) = isSecondFirst ? (_second, _first) : (_first, _second);
        Task<RingConnection?> waiting = Meet(early);
        Thread.Sleep(Short);
        Assert.That(waiting.IsCompleted, Is.False);
        using RingConnection connection = late.Meet(Long)!;
        Exchange(connection, waiting.Result!);
    }

    [Test]
    public void NobodyComesAndTimeIsUp()
    {
        Assert.That(_first.Meet(Short), Is.Null);
        Assert.That(_second.Meet(TimeSpan.Zero), Is.Null);
        MeetBoth();
    }

    [Test]
    public void AnotherSessionFollowsTheLast([Values] bool isSecond)
    {
        for (int i = 0; i < 5; i++)
        {
            (RingConnection first, RingConnection second) = MeetBoth();
            Exchange(first, second);
            RingConnection ended = isSecond ? second : first, noticing = isSecond ? first : second;
            ended.Dispose();
            Assert.That(noticing.Receive(new byte[10], out _, Long), Is.EqualTo(RingResult.Closed));
        }
    }

    [Test]
    public void ARestartEndsTheOtherSidesSessionWhileItWaits([Values] bool isSecond)
    {
        for (int i = 0; i < 3; i++)
        {
            (RingConnection first, RingConnection second) = MeetBoth();
            RingConnection left = isSecond ? first : second;
            Task<RingResult> receiving = Run(() => left.Receive(new byte[10], out _, Timeout.InfiniteTimeSpan));
            if (isSecond)
                _second = new RingRendezvous(_wire.Start(isSecond: true));
            else
                _first = new RingRendezvous(_wire.Start(isSecond: false));
            Assert.That((isSecond ? _second : _first).Meet(Short), Is.Null);
            Assert.That(receiving.Wait(Long), Is.True, "the restart was not noticed");
            Assert.That(receiving.Result, Is.EqualTo(RingResult.Closed));
        }

        (RingConnection again, RingConnection other) = MeetBoth();
        Exchange(again, other);
    }

    [Test]
    public void WhatTheLastSessionLeftIsNotReceived([Values] bool isSecond)
    {
        (RingConnection first, RingConnection second) = MeetBoth();
        first.Send("old"u8, Short);
        second.Send("old"u8, Short);
        if (isSecond)
            _second = new RingRendezvous(_wire.Start(isSecond: true));
        else
            _first = new RingRendezvous(_wire.Start(isSecond: false));
        (first, second) = MeetBoth();
        Exchange(first, second);
    }

    [Test]
    public void TheEpochGoesRoundWithoutBecomingZero()
    {
        LocalWiring wiring = _wire.Start(isSecond: false);
        _first = new RingRendezvous(wiring);
        RendezvousLayout.Write(wiring.Memory, isSecond: false, RendezvousLayout.Epoch, uint.MaxValue);
        (RingConnection first, RingConnection second) = MeetBoth();
        Assert.That(RendezvousLayout.Read(wiring.Memory, isSecond: false, RendezvousLayout.Epoch), Is.EqualTo(1));
        Exchange(first, second);
    }

    [Test]
    public void DisposeEndsMeeting([Values] bool isSecond)
    {
        RingRendezvous side = isSecond ? _second : _first;
        Task<RingConnection?> waiting = Meet(side);
        Thread.Sleep(Short);
        side.Dispose();
        Assert.That(waiting.Wait(Long), Is.True);
        Assert.That(waiting.Result, Is.Null);
        Assert.That(side.Meet(Long), Is.Null);
    }

    [Test]
    public void DisposeEndsTheSessionAndTheOtherSideIsTold([Values] bool isSecond)
    {
        (RingConnection first, RingConnection second) = MeetBoth();
        (RingConnection ended, RingConnection left) = isSecond ? (second, first) : (first, second);
        Task<RingResult> receiving = Run(() => left.Receive(new byte[10], out _, Timeout.InfiniteTimeSpan));
        (isSecond ? _second : _first).Dispose();
        Assert.That(ended.Receive(new byte[10], out _, Long), Is.EqualTo(RingResult.Closed));
        Assert.That(receiving.Wait(Long), Is.True, "the end was not noticed");
        Assert.That(receiving.Result, Is.EqualTo(RingResult.Closed));
    }

    [Test]
    public void TooLittleMemoryIsRefused() =>
        Assert.That(() => new RingRendezvous(new LocalWire(RendezvousLayout.Size + 100).Start(isSecond: false)), Throws.TypeOf<ArgumentOutOfRangeException>());

    private (RingConnection First, RingConnection Second) MeetBoth()
    {
        Task<RingConnection?> first = Meet(_first);
        RingConnection? second = _second.Meet(Long);
        Assert.That(second, Is.Not.Null);
        Assert.That(first.Wait(Long), Is.True);
        return (first.Result!, second!);
    }

    private static void Exchange(RingConnection one, RingConnection other)
    {
        var buffer = new byte[10];
        Assert.That(one.Send("ping"u8, Short), Is.EqualTo(RingResult.Done));
        Assert.That(other.Receive(buffer, out int length, Long), Is.EqualTo(RingResult.Done));
        Assert.That(buffer[..length], Is.EqualTo("ping"u8.ToArray()));
        Assert.That(other.Send("pong"u8, Short), Is.EqualTo(RingResult.Done));
        Assert.That(one.Receive(buffer, out length, Long), Is.EqualTo(RingResult.Done));
        Assert.That(buffer[..length], Is.EqualTo("pong"u8.ToArray()));
    }

    private static Task<RingConnection?> Meet(RingRendezvous side) => Run(() => side.Meet(Long));

    private static Task<T> Run<T>(Func<T> body) => Task.Factory.StartNew(body, TaskCreationOptions.LongRunning);
}
