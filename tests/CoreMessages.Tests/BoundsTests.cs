using System;
using Google.Protobuf;
using Microkernel.Messages.Ring;
using Microkernel.Messages.Test;
using NUnit.Framework;

namespace Microkernel.Messages.Tests;

/// <summary>Single cases of the core's readers and writers.</summary>
public sealed class BoundsTests
{
    [Test]
    public void MoreBytesThanTheBoundAreRefused([Values(40, 41)] int length)
    {
        byte[] bytes = new Protos.Test.Everything { Text = new string('x', length) }.ToByteArray();
        Assert.That(Everything.TryRead(bytes, out _), Is.EqualTo(length <= 40));
    }

    [Test]
    public void MoreElementsThanTheBoundAreRefused([Values(20, 21)] int count, [Values] bool isPacked)
    {
        Protos.Test.Everything message = new();
        for (int i = 0; i < count; i++)
            message.Numbers.Add(i);
        byte[] bytes = isPacked ? message.ToByteArray() : Unpacked(count);
        Assert.That(Everything.TryRead(bytes, out Everything read), Is.EqualTo(count <= 20));
        Assert.That(read.NumbersCount, Is.EqualTo(20));
    }

    [Test]
    public void WhatHasMoreThanTheBoundIsNotWritten()
    {
        Everything message = new() { NumbersCount = 21 };
        Assert.That(message.TryWrite(new byte[100], out _), Is.False);
        message = new Everything { NumbersCount = -1 };
        Assert.That(message.TryWrite(new byte[100], out _), Is.False);
        message = new Everything { Text = new byte[41] };
        Assert.That(message.TryWrite(new byte[100], out _), Is.False);
    }

    [Test]
    public void WhatDoesNotFitIsNotWritten()
    {
        Envelope envelope = new() { CallId = 300, Content = Envelope.ContentCase.Event };
        envelope.Event.Payload = "payload"u8;
        int size = envelope.Size();
        for (int room = 0; room < size; room++)
        {
            byte[] bytes = new byte[size];
            Assert.That(envelope.TryWrite(bytes.AsSpan(0, room), out _), Is.False);
            Assert.That(bytes.AsSpan(room).IndexOfAnyExcept((byte)0), Is.EqualTo(-1));
        }

        Assert.That(envelope.TryWrite(new byte[size], out int length), Is.True);
        Assert.That(length, Is.EqualTo(size));
    }

    [TestCase(new byte[] { 0x08 }, Description = "a tag without a value")]
    [TestCase(new byte[] { 0x00, 0x00 }, Description = "field number 0")]
    [TestCase(new byte[] { 0x0B, 0x0C }, Description = "a group")]
    [TestCase(new byte[] { 0x0E, 0x00 }, Description = "a wire type that does not exist")]
    [TestCase(new byte[] { 0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01 }, Description = "a number that is too long")]
    [TestCase(new byte[] { 0x6A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F }, Description = "a length that is too long")]
    [TestCase(new byte[] { 0x6A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01 }, Description = "a length below zero")]
    [TestCase(new byte[] { 0x7A, 0x02, 0x12, 0x05 }, Description = "an inner message that says it is longer than the outer one")]
    [TestCase(new byte[] { 0x92, 0x01, 0x04, 1, 2, 3, 4 }, Description = "half a packed number")]
    public void MalformedBytesAreRefused(byte[] bytes) => Assert.That(Everything.TryRead(bytes, out _), Is.False);

    [Test]
    public void ReadingAndWritingAllocateNothing()
    {
        Protos.Test.Transaction google = new() { BaseGeneration = 7 };
        for (uint i = 0; i < 32; i++)
            google.Contexts.Add(new Protos.Test.SchedulingContext { Vcpu = new() { Domain = i }, Weight = 256, Affinity = { 1, 2 } });
        byte[] bytes = google.ToByteArray(), written = new byte[bytes.Length];
        Copy(bytes, written);
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool isSame = Copy(bytes, written);
        Assert.That(GC.GetAllocatedBytesForCurrentThread(), Is.EqualTo(before));
        Assert.That((isSame, written), Is.EqualTo((true, bytes)));
    }

    private static bool Copy(byte[] bytes, byte[] written) =>
        Transaction.TryRead(bytes, out Transaction message) && message.TryWrite(written, out int length) && length == bytes.Length;

    private static byte[] Unpacked(int count)
    {
        var bytes = new byte[count * 3];
        for (int i = 0; i < count; i++)
            new byte[] { 0x88, 0x01, 5 }.CopyTo(bytes, i * 3);
        return bytes;
    }
}
