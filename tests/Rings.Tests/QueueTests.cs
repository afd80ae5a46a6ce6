using System;
using System.Linq;
using NUnit.Framework;

namespace Microkernel.Rings.Tests;

/// <summary>Single steps of both ends of a queue.</summary>
public sealed class QueueTests
{
    private const int Capacity = 64;

    private readonly byte[] _queue = new byte[RingLayout.Data + Capacity];
    private readonly byte[] _buffer = new byte[Capacity];
    private RingWriter _writer = new(0);
    private RingReader _reader = new(0);

    [SetUp]
    public void StartWithZeroes()
    {
        Array.Clear(_queue);
        _writer = new RingWriter(_queue.Length);
        _reader = new RingReader(_queue.Length);
    }

    [Test]
    public void AMessageIsSeenAfterItIsPublishedAndNotBefore()
    {
        Assert.That(_writer.TryWrite(_queue, "hello"u8), Is.EqualTo(RingResult.Done));
        Assert.That(Read(), Is.EqualTo((RingResult.Wait, "")));
        _writer.Publish(_queue);
        Assert.That(Read(), Is.EqualTo((RingResult.Done, "hello")));
        Assert.That(Read(), Is.EqualTo((RingResult.Wait, "")));
    }

    [Test]
    public void RoomIsGivenBackByReleaseAndNotBefore()
    {
        var message = new byte[Capacity - RingLayout.FrameHeader];
        Assert.That(message, Has.Length.EqualTo(_writer.LargestMessage));
        Write(message);
        Assert.That(_writer.TryWrite(_queue, "x"u8), Is.EqualTo(RingResult.Wait));
        Assert.That(Read().Result, Is.EqualTo(RingResult.Done));
        Assert.That(_writer.TryWrite(_queue, "x"u8), Is.EqualTo(RingResult.Wait));
        _reader.Release(_queue);
        Assert.That(_writer.TryWrite(_queue, "x"u8), Is.EqualTo(RingResult.Done));
    }

    [Test]
    public void AMessageGoesRoundTheEndOfTheMemory([Range(1, 40)] int length)
    {
        for (int i = 0; i < 50; i++)
        {
            byte[] message = [.. Enumerable.Range(i, length).Select(static b => (byte)b)];
            Write(message);
            Assert.That(_reader.TryRead(_queue, _buffer, out int read), Is.EqualTo(RingResult.Done));
            Assert.That(_buffer[..read], Is.EqualTo(message));
            _reader.Release(_queue);
        }
    }

    [Test]
    public void WhatCanNeverBeSentIsRefusedAndTheQueueStaysOpen()
    {
        Assert.That(_writer.TryWrite(_queue, []), Is.EqualTo(RingResult.Refused));
        Assert.That(_writer.TryWrite(_queue, new byte[_writer.LargestMessage + 1]), Is.EqualTo(RingResult.Refused));
        Assert.That(_writer.State, Is.EqualTo(RingState.Open));
    }

    [Test]
    public void OnlyASideThatSleepsIsNotifiedAndOnlyOnce()
    {
        Assert.That(Write("awake"u8), Is.False, "nobody has asked");
        Read();
        _reader.Release(_queue);
        Assert.That(_reader.MustWait(_queue), Is.True);
        Assert.That(Write("first"u8), Is.True);
        Assert.That(Write("second"u8), Is.False, "it has been told");
    }

    [Test]
    public void AReaderThatFindsAMessageOnItsSecondLookDoesNotSleep()
    {
        Write("there"u8);
        Assert.That(_reader.MustWait(_queue), Is.False);
    }

    [Test]
    public void AWriterIsNotifiedWhenThereIsRoomForItsMessage()
    {
        var quarter = new byte[Capacity / 4 - RingLayout.FrameHeader];
        for (int i = 0; i < 4; i++)
            Write(quarter);
        Assert.That(_writer.MustWait(_queue, Capacity / 2 - RingLayout.FrameHeader), Is.True);
        Read();
        Assert.That(_reader.Release(_queue), Is.False, "not enough room yet");
        Read();
        Assert.That(_reader.Release(_queue), Is.True);
        Assert.That(_writer.MustWait(_queue, Capacity / 2 - RingLayout.FrameHeader), Is.False);
    }

    [Test]
    public void NobodyWaitsWhileSomethingIsLeftToDo()
    {
        _writer.TryWrite(_queue, new byte[Capacity - RingLayout.FrameHeader]);
        Assert.That(_writer.MustWait(_queue, 1), Is.False, "not published");
        _writer.Publish(_queue);
        Assert.That(_reader.MustWait(_queue), Is.False, "not read");
        Read();
        Assert.That(_reader.MustWait(_queue), Is.False, "not released");
        Assert.That(_writer.MustWait(_queue, Capacity), Is.False, "can never be sent");
    }

    [Test]
    public void WhatWasPublishedBeforeTheWriterClosedIsRead()
    {
        Write("last"u8);
        _writer.Close(_queue);
        Assert.That(Read(), Is.EqualTo((RingResult.Done, "last")));
        Assert.That(Read().Result, Is.EqualTo(RingResult.Closed));
        Assert.That((_writer.State, _reader.State), Is.EqualTo((RingState.ClosedHere, RingState.ClosedByPeer)));
    }

    [Test]
    public void AWriterLearnsThatTheReaderClosed()
    {
        _reader.Close(_queue);
        Write("lost"u8);
        Assert.That(_writer.State, Is.EqualTo(RingState.ClosedByPeer));
        Assert.That(_writer.TryWrite(_queue, "x"u8), Is.EqualTo(RingResult.Closed));
        Assert.That(_writer.MustWait(_queue, 1), Is.False);
    }

    [Test]
    public void BothStartAgainOnZeroedMemory()
    {
        Write("old"u8);
        _reader.Close(_queue);
        Array.Clear(_queue);
        _writer.Reset();
        _reader.Reset();
        Write("new"u8);
        Assert.That(Read(), Is.EqualTo((RingResult.Done, "new")));
    }

    [TestCase(0u)]
    [TestCase(58u)]
    [TestCase(13u, Description = "more than was published")]
    [TestCase(0xFFFF_FFF8u)]
    [TestCase(uint.MaxValue)]
    public void ABadLengthCloses(uint length)
    {
        Write("honest"u8);
        RingLayout.HalfWord(_queue, RingLayout.Data) = length;
        Assert.That(Read().Result, Is.EqualTo(RingResult.Closed));
        Assert.That(_reader.State, Is.EqualTo(RingState.BadLength));
        Assert.That(RingLayout.HalfWord(_queue, RingLayout.ReaderState), Is.EqualTo((uint)RingState.BadLength));
    }

    [Test]
    public void AMessageLongerThanTheReaderTakesCloses()
    {
        Write("too long"u8);
        Assert.That(_reader.TryRead(_queue, _buffer.AsSpan(0, 7), out _), Is.EqualTo(RingResult.Closed));
        Assert.That(_reader.State, Is.EqualTo(RingState.BadLength));
    }

    [TestCase(4ul, Description = "no frame starts there")]
    [TestCase(72ul, Description = "more than the memory holds")]
    [TestCase(ulong.MaxValue - 7, Description = "backwards")]
    [TestCase(1ul << 32)]
    [TestCase(1ul << 63)]
    public void ABadTailCloses(ulong offset)
    {
        Write("honest"u8);
        Read();
        _reader.Release(_queue);
        RingLayout.Word(_queue, RingLayout.Tail) += offset;
        Assert.That(_reader.MustWait(_queue), Is.False);
        Assert.That(_reader.State, Is.EqualTo(RingState.BadIndex));
        Assert.That(Read().Result, Is.EqualTo(RingResult.Closed));
    }

    [TestCase(4ul, Description = "no frame starts there")]
    [TestCase(72ul, Description = "more than was published")]
    [TestCase(ulong.MaxValue - 7, Description = "backwards")]
    [TestCase(1ul << 63)]
    public void ABadHeadCloses(ulong offset)
    {
        Write(new byte[Capacity - RingLayout.FrameHeader]);
        Read();
        _reader.Release(_queue);
        Write(new byte[Capacity - RingLayout.FrameHeader]);
        RingLayout.Word(_queue, RingLayout.Head) += offset;
        Assert.That(_writer.TryWrite(_queue, "x"u8), Is.EqualTo(RingResult.Closed));
        Assert.That(_writer.State, Is.EqualTo(RingState.BadIndex));
        Assert.That(RingLayout.HalfWord(_queue, RingLayout.WriterState), Is.EqualTo((uint)RingState.BadIndex));
    }

    [Test]
    public void TheQueuesOfARingShareNothing([Values(384, 1000, 4096, 8192 + 129)] int size)
    {
        var ring = new byte[size];
        RingLayout.Queue(ring, isSecond: false).Fill(1);
        Assert.That(RingLayout.Queue(ring, isSecond: true).ToArray(), Is.All.EqualTo(0));
        Assert.That(RingLayout.QueueSize(size) % 64, Is.Zero, "indices on cache lines of their own");
        Assert.That(RingLayout.QueueSize(size), Is.GreaterThan(size / 2 - RingLayout.Data));
    }

    private bool Write(ReadOnlySpan<byte> message)
    {
        Assert.That(_writer.TryWrite(_queue, message), Is.EqualTo(RingResult.Done));
        return _writer.Publish(_queue);
    }

    private (RingResult Result, string Text) Read()
    {
        RingResult result = _reader.TryRead(_queue, _buffer, out int length);
        return (result, System.Text.Encoding.ASCII.GetString(_buffer, 0, length));
    }
}
