using System;
using System.Threading;
using NUnit.Framework;

namespace Microkernel.Rings.Tests;

/// <summary>
/// A peer that writes anything into the shared memory. The victim may get wrong messages and may close; it stays within its
/// memory, changes only what is its own, never throws, and each of its steps ends.
/// </summary>
public sealed class HostilePeerTests
{
    private const int Guard = 64;
    private const byte GuardByte = 0xA5;
    private const int OwnedByReader = RingLayout.ReaderState + sizeof(uint) - RingLayout.Head;

    private static readonly int[] Words =
    [
        RingLayout.Tail, RingLayout.HeadWanted, RingLayout.WriterState, RingLayout.Head, RingLayout.TailWanted, RingLayout.ReaderState,
    ];

    private byte[] _memory = [];
    private int _size;

    private Span<byte> Queue => _memory.AsSpan(Guard, _size);

    [Test]
    public void AReaderStandsItBetweenAnyTwoSteps([Range(0, 19)] int group) => ForSeeds(group, AttackReader);

    [Test]
    public void AWriterStandsItBetweenAnyTwoSteps([Range(0, 19)] int group) => ForSeeds(group, AttackWriter);

    [Test]
    public void BothStandItAtAnyMoment([Values] bool isReader, [Range(0, 3)] int group)
    {
        long end = Environment.TickCount64 + 500;
        int closed = 0;
        for (int seed = group * 1000; Environment.TickCount64 < end; seed++)
        {
            MakeMemory(seed);
            int run = seed;
            bool isOver = false;
            var attacker = new Thread(() => Scribble(new Random(run), ref isOver));
            attacker.Start();
            try
            {
                closed += isReader ? RunReader(50) : RunWriter(50);
            }
            finally
            {
                Volatile.Write(ref isOver, true);
                attacker.Join();
            }

            CheckGuards(seed);
        }

        Assert.That(closed, Is.Not.Zero);
    }

    private void ForSeeds(int group, Action<int> attack)
    {
        for (int seed = group * 500; seed < (group + 1) * 500; seed++)
        {
            MakeMemory(seed);
            try
            {
                attack(seed);
            }
            catch (Exception e) when (e is not AssertionException)
            {
                Assert.Fail($"seed {seed}: {e}");
            }

            CheckGuards(seed);
        }
    }

    private void AttackReader(int seed)
    {
        var random = new Random(seed);
        RingReader victim = new(_size);
        RingWriter honest = new(_size);
        var destination = new byte[Guard + 40 + Guard];
        for (int step = 0; step < 60; step++)
        {
            // Honest now and then, so that the attack starts from states that are reached later.
            if (random.Next(3) == 0)
                Attack(random);
            honest.TryWrite(Queue, new byte[random.Next(1, 41)]);
            honest.Publish(Queue);
            RingState before = victim.State;
            byte[] seen = Queue.ToArray();
            destination.AsSpan().Fill(GuardByte);
            int length = 0;
            RingResult result = random.Next(4) switch
            {
                0 => victim.MustWait(Queue) ? RingResult.Wait : RingResult.Done,
                1 => victim.Release(Queue) ? RingResult.Wait : RingResult.Done,
                _ => victim.TryRead(Queue, destination.AsSpan(Guard, 40), out length),
            };
            Assert.That(length, Is.InRange(0, 40), $"seed {seed}");
            Assert.That(destination.AsSpan(0, Guard).IndexOfAnyExcept(GuardByte), Is.EqualTo(-1), $"seed {seed}");
            Assert.That(destination.AsSpan(Guard + length).IndexOfAnyExcept(GuardByte), Is.EqualTo(-1), $"seed {seed}");
            if (before != RingState.Open)
                Assert.That((victim.State, result == RingResult.Wait), Is.EqualTo((before, false)), $"seed {seed}");
            CheckChanges(seen, before, RingLayout.Head, OwnedByReader, RingLayout.Head, OwnedByReader, seed);
        }
    }

    private void AttackWriter(int seed)
    {
        var random = new Random(seed);
        RingWriter victim = new(_size);
        RingReader honest = new(_size);
        var buffer = new byte[_size];
        for (int step = 0; step < 60; step++)
        {
            if (random.Next(3) == 0)
                Attack(random);
            honest.TryRead(Queue, buffer, out _);
            honest.Release(Queue);
            RingState before = victim.State;
            byte[] seen = Queue.ToArray();
            RingResult result = random.Next(4) switch
            {
                0 => victim.MustWait(Queue, random.Next(200)) ? RingResult.Wait : RingResult.Done,
                1 => victim.Publish(Queue) ? RingResult.Wait : RingResult.Done,
                _ => victim.TryWrite(Queue, new byte[random.Next(0, 60)]),
            };
            if (before != RingState.Open)
                Assert.That((victim.State, result == RingResult.Wait), Is.EqualTo((before, false)), $"seed {seed}");
            CheckChanges(seen, before, 0, RingLayout.WriterState + sizeof(uint), RingLayout.Data, _size - RingLayout.Data, seed);
        }
    }

    /// <summary>An end changes only its own places, and nothing at all once it is closed.</summary>
    private void CheckChanges(byte[] before, RingState state, int firstAt, int firstLength, int secondAt, int secondLength, int seed)
    {
        if (state == RingState.Open)
        {
            Queue.Slice(firstAt, firstLength).CopyTo(before.AsSpan(firstAt));
            Queue.Slice(secondAt, secondLength).CopyTo(before.AsSpan(secondAt));
        }

        Assert.That(Queue.SequenceEqual(before), Is.True, $"seed {seed}: changed what is not its own");
    }

    /// <summary>How often a reader was closed in a number of lives.</summary>
    private int RunReader(int lives)
    {
        RingReader victim = new(_size);
        var destination = new byte[40];
        int closed = 0;
        for (int i = 0; i < lives; i++)
        {
            Queue.Clear();
            victim.Reset();
            for (int step = 0; step < 200 && victim.State == RingState.Open; step++)
            {
                victim.TryRead(Queue, destination, out _);
                victim.Release(Queue);
                victim.MustWait(Queue);
            }

            closed += victim.State == RingState.Open ? 0 : 1;
        }

        return closed;
    }

    private int RunWriter(int lives)
    {
        RingWriter victim = new(_size);
        var message = new byte[20];
        int closed = 0;
        for (int i = 0; i < lives; i++)
        {
            Queue.Clear();
            victim.Reset();
            for (int step = 0; step < 200 && victim.State == RingState.Open; step++)
            {
                victim.TryWrite(Queue, message);
                victim.Publish(Queue);
                victim.MustWait(Queue, message.Length);
            }

            closed += victim.State == RingState.Open ? 0 : 1;
        }

        return closed;
    }

    private void Scribble(Random random, ref bool isOver)
    {
        while (!Volatile.Read(ref isOver))
            Attack(random);
    }

    private void Attack(Random random)
    {
        ref ulong word = ref RingLayout.Word(Queue, Words[random.Next(Words.Length)] & -8);
        switch (random.Next(6))
        {
            case 0:
                word = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
                break;
            case 1:
                word += (ulong)random.Next(-3, 4) * 8;
                break;
            case 2:
                word = (ulong)random.Next(_size);
                break;
            case 3:
                RingLayout.HalfWord(Queue, RingLayout.Data + random.Next((_size - RingLayout.Data) / 8) * 8) = (uint)random.Next(-4, 80);
                break;
            case 4:
                Queue[random.Next(_size)] = (byte)random.Next(256);
                break;
            default:
                // Plausible: a few frames more, all of them small.
                RingLayout.Word(Queue, RingLayout.Tail) += (ulong)random.Next(1, 4) * 16;
                break;
        }
    }

    private void MakeMemory(int seed)
    {
        _size = RingLayout.SmallestQueue + seed % 17 * 8;
        _memory = new byte[Guard + _size + Guard];
        _memory.AsSpan().Fill(GuardByte);
        Queue.Clear();
    }

    private void CheckGuards(int seed)
    {
        Assert.That(_memory.AsSpan(0, Guard).IndexOfAnyExcept(GuardByte), Is.EqualTo(-1), $"seed {seed}");
        Assert.That(_memory.AsSpan(Guard + _size).IndexOfAnyExcept(GuardByte), Is.EqualTo(-1), $"seed {seed}");
    }
}
