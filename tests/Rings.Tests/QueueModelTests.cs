using System;
using System.Collections.Generic;
using System.Linq;
using NUnit.Framework;

namespace Microkernel.Rings.Tests;

/// <summary>Random programs for both ends against a queue of arrays.</summary>
public sealed class QueueModelTests
{
    /// <summary>What a queue should do, with lists instead of memory.</summary>
    private sealed class Model(int capacity)
    {
        private readonly Queue<byte[]> _published = [];
        private readonly List<byte[]> _written = [];
        private int _notReleased;
        private int _read;

        internal bool ReaderSleeps { get; private set; }

        internal int WriterSleepsFor { get; private set; }

        private int Used => _published.Concat(_written).Sum(static m => Room(m.Length)) + _notReleased;

        internal bool HasRoom(int length) => Used + Room(length) <= capacity;

        internal void Write(byte[] message) => _written.Add(message);

        internal bool Publish()
        {
            bool notifies = ReaderSleeps && _written.Count > 0;
            ReaderSleeps &= !notifies;
            _written.ForEach(_published.Enqueue);
            _written.Clear();
            return notifies;
        }

        internal byte[]? Read()
        {
            if (!_published.TryDequeue(out byte[]? message))
                return null;
            _notReleased += Room(message.Length);
            _read++;
            return message;
        }

        internal bool Release()
        {
            _notReleased = 0;
            _read = 0;
            bool notifies = WriterSleepsFor > 0 && HasRoom(WriterSleepsFor);
            WriterSleepsFor = notifies ? 0 : WriterSleepsFor;
            return notifies;
        }

        internal bool ReaderMustWait() => ReaderSleeps = _published.Count == 0 && _read == 0;

        internal bool WriterMustWait(int length)
        {
            bool waits = _written.Count == 0 && !HasRoom(length);
            WriterSleepsFor = waits ? length : 0;
            return waits;
        }

        private static int Room(int length) => (length + 4 + 7) / 8 * 8;
    }

    /// <summary>Each number is a step: its last digit says which one, the rest how long a message.</summary>
    [FsCheck.NUnit.Property(MaxTest = 1500, EndSize = 400)]
    public void BothEndsDoWhatTheModelDoes(byte extra, ushort[] program)
    {
        int capacity = 64 + extra / 8 * 8;
        var queue = new byte[RingLayout.Data + 64 + extra];
        RingWriter writer = new(queue.Length);
        RingReader reader = new(queue.Length);
        Model model = new(capacity);
        var buffer = new byte[writer.LargestMessage];
        foreach (int step in program)
        {
            int length = 1 + step / 10 % writer.LargestMessage;
            switch (step % 10)
            {
                // Who sleeps does nothing: the model says whether it would have been woken.
                case < 4 when model.WriterSleepsFor == 0:
                    byte[] message = [.. Enumerable.Range(step, length).Select(static b => (byte)b)];
                    bool fits = model.HasRoom(length);
                    Assert.That(writer.TryWrite(queue, message), Is.EqualTo(fits ? RingResult.Done : RingResult.Wait));
                    if (fits)
                        model.Write(message);
                    break;
                case 4 when model.WriterSleepsFor == 0:
                    Assert.That(writer.Publish(queue), Is.EqualTo(model.Publish()));
                    break;
                case 5 when model.WriterSleepsFor == 0:
                    Assert.That(writer.MustWait(queue, length), Is.EqualTo(model.WriterMustWait(length)));
                    break;
                case 6 or 7 when !model.ReaderSleeps:
                    byte[]? expected = model.Read();
                    Assert.That(reader.TryRead(queue, buffer, out int read), Is.EqualTo(expected is null ? RingResult.Wait : RingResult.Done));
                    Assert.That(buffer[..read], Is.EqualTo(expected ?? []));
                    break;
                case 8 when !model.ReaderSleeps:
                    Assert.That(reader.Release(queue), Is.EqualTo(model.Release()));
                    break;
                case 9 when !model.ReaderSleeps:
                    Assert.That(reader.MustWait(queue), Is.EqualTo(model.ReaderMustWait()));
                    break;
            }
        }

        Assert.That((writer.State, reader.State), Is.EqualTo((RingState.Open, RingState.Open)));
    }
}
