using System;
using System.Threading;
using NUnit.Framework;

namespace Microkernel.Rings.Tests;

/// <summary>
/// No wake-up is ever lost; and ends with a mistake, which do the same without a fence or without a second look, show that
/// it would be seen.
/// </summary>
[NonParallelizable]
public sealed class LitmusTests
{
    [SetUp]
    public void NeedTwoCpus() =>
        Assert.That(Environment.ProcessorCount, Is.AtLeast(2), "two threads on one CPU cannot meet: run this on a machine with two");

    [Test]
    public void AReaderIsAlwaysWoken() => MustLoseNone(new(static () => new SleepingReader()));

    [Test]
    public void AWriterIsAlwaysWoken() => MustLoseNone(new(static () => new SleepingWriter()));

    [Test]
    public void AWriterWithoutAFenceIsCaught() => MustLose(new(static () => new UnfencedWriter()));

    [Test]
    public void AReaderWithoutAFenceIsCaught() => MustLose(new(static () => new UnfencedReader()));

    [Test]
    public void AReaderWithoutASecondLookIsCaught() => MustLose(new(static () => new ReaderWithoutSecondLook()));

    [Test]
    public void AWriterWithoutASecondLookIsCaught() => MustLose(new(static () => new WriterWithoutSecondLook()));

    private static void MustLoseNone(Litmus litmus)
    {
        litmus.Run(TimeSpan.FromSeconds(3));
        TestContext.Out.WriteLine($"{litmus.Rounds} rounds");
        Assert.That(litmus.Lost, Is.Zero);
    }

    private static void MustLose(Litmus litmus)
    {
        litmus.Run(TimeSpan.FromSeconds(60), enough: 1);
        TestContext.Out.WriteLine($"{litmus.Lost} lost in {litmus.Rounds} rounds");
        Assert.That(litmus.Lost, Is.Not.Zero);
    }

    private class SleepingReader : LitmusQueue
    {
        internal SleepingReader() => Write();

        internal override bool Tell() => Writer.Publish(Memory);

        internal override bool MustWait() => Reader.MustWait(Memory);

        internal override void StartAgain()
        {
            Read();
            Reader.Release(Memory);
            Write();
            base.StartAgain();
        }
    }

    private class SleepingWriter : LitmusQueue
    {
        internal SleepingWriter() => StartAgain();

        internal override bool Tell() => Reader.Release(Memory);

        internal override bool MustWait() => Writer.MustWait(Memory, Message.Length);

        internal override void StartAgain()
        {
            Write();
            Writer.Publish(Memory);
            Read();
            base.StartAgain();
        }
    }

    private sealed class UnfencedWriter : LitmusQueue
    {
        internal UnfencedWriter() => RingLayout.HalfWord(Memory, RingLayout.Data) = (uint)Message.Length;

        internal override bool Tell()
        {
            Volatile.Write(ref Word(RingLayout.Tail), Start + Capacity);
            return Volatile.Read(ref Word(RingLayout.TailWanted)) - Start - 1 < Capacity;
        }

        internal override bool MustWait() => Reader.MustWait(Memory);

        internal override void StartAgain()
        {
            Read();
            Reader.Release(Memory);
            base.StartAgain();
        }
    }

    private sealed class UnfencedReader : SleepingReader
    {
        internal override bool MustWait()
        {
            Volatile.Write(ref Word(RingLayout.TailWanted), Start + 1);
            return Volatile.Read(ref Word(RingLayout.Tail)) == Start;
        }
    }

    private sealed class ReaderWithoutSecondLook : SleepingReader
    {
        internal override bool MustWait()
        {
            Volatile.Write(ref Word(RingLayout.TailWanted), Start + 1);
            return true;
        }
    }

    private sealed class WriterWithoutSecondLook : SleepingWriter
    {
        internal override bool MustWait()
        {
            // In this class a round starts with one message more written than released.
            Volatile.Write(ref Word(RingLayout.HeadWanted), Start);
            return true;
        }
    }
}
