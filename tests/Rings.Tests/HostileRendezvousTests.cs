using System;
using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;
using NUnit.Framework;

namespace Microkernel.Rings.Tests;

/// <summary>
/// A peer that writes anything into the page where two services meet. The victim may not meet anybody, or get a session that
/// ends at once; it never throws, waits no longer than it wants, does not run after every change, and meets an honest peer afterwards.
/// </summary>
public sealed class HostileRendezvousTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Attack = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private LocalWire _wire = null!;
    private LocalWiring _attacker = null!;
    private CountedWiring _wiring = null!;
    private RingRendezvous _victim = null!;
    private int _sessions;

    [TearDown]
    public void Stop() => _victim.Dispose();

    [Test]
    public void AnEpochThatJumpsAllTheTimeCostsNoMoreThanThePaceAllows([Values] bool isSecond)
    {
        Begin(isSecond);
        Suffer(() =>
        {
            Span<byte> memory = _attacker.Memory;
            Write(memory, RendezvousLayout.Epoch, RendezvousLayout.Read(memory, _attacker.IsSecond, RendezvousLayout.Epoch) + 1);
            Write(memory, RendezvousLayout.Port, RendezvousLayout.Read(memory, !isSecond, RendezvousLayout.Port));
        });
        CheckBounds();
        CheckAnHonestPeerIsMet();
    }

    [Test]
    public void ASessionThatEndsAtOnceAgainAndAgainCostsNoMoreEither([Values] bool isSecond)
    {
        Begin(isSecond);
        Suffer(() =>
        {
            Span<byte> memory = _attacker.Memory;
            uint joined = RendezvousLayout.Read(memory, isSecond, RendezvousLayout.Joined);
            Write(memory, RendezvousLayout.Joined, RendezvousLayout.Read(memory, isSecond, RendezvousLayout.Epoch));
            // As if the session had begun, and then another.
            Write(memory, RendezvousLayout.Epoch, joined == 0 ? 1 : joined);
            Thread.Yield();
            Write(memory, RendezvousLayout.Epoch, joined + 2);
        });
        CheckBounds();
        CheckAnHonestPeerIsMet();
    }

    [Test]
    public void AFaultInTheQueuesEndsTheSessionAndTheNextIsNotFaster([Values] bool isSecond)
    {
        Begin(isSecond);
        Suffer(() =>
        {
            Span<byte> memory = _attacker.Memory;
            Write(memory, RendezvousLayout.Epoch, 7);
            Write(memory, RendezvousLayout.Port, 1);
            Write(memory, RendezvousLayout.Joined, RendezvousLayout.Read(memory, isSecond, RendezvousLayout.Epoch));
            RingLayout.Word(RingLayout.Queue(RendezvousLayout.Queues(memory), !isSecond), RingLayout.Tail) = 13;
        });
        Assert.That(_sessions, Is.GreaterThan(1), "the attack did not work");
        CheckBounds();
        CheckAnHonestPeerIsMet();
    }

    [Test]
    public void GarbageAnywhereInThePageIsStood([Values] bool isSecond, [Range(1, 3)] int seed)
    {
        Begin(isSecond);
        var random = new Random(seed);
        Suffer(() =>
        {
            Span<byte> memory = _attacker.Memory;
            int word = random.Next(2 * RendezvousLayout.SideSize / sizeof(uint)) * sizeof(uint);
            uint value = random.Next(3) switch { 0 => (uint)random.Next(4), 1 => (uint)random.NextInt64(), _ => RendezvousLayout.Read(memory, isSecond, random.Next(3) * 4) };
            RingLayout.HalfWord(memory, word) = value;
            if (random.Next(1000) == 0)
                random.NextBytes(memory);
        });
        CheckBounds();
        CheckAnHonestPeerIsMet();
    }

    [Test]
    public void BellsWithoutReasonEndNoWait([Values] bool isSecond)
    {
        Begin(isSecond);
        Meet(Start(!isSecond)).Dispose();
        long start = Stopwatch.GetTimestamp();
        Suffer(() => _wire.PeerOf(_attacker)?.Ring());
        Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(Long));
        CheckAnHonestPeerIsMet();
    }

    private void Begin(bool isSecond)
    {
        _wire = new LocalWire(RendezvousLayout.Size + 1024);
        _wiring = new CountedWiring(_wire.Start(isSecond));
        _attacker = _wire.Start(!isSecond);
        _attacker.Listen();
        _victim = new RingRendezvous(_wiring);
        _sessions = 0;
    }

    /// <summary>The victim does what it always does while somebody attacks it.</summary>
    private void Suffer(Action attack)
    {
        bool isOver = false;
        Task attacker = Task.Factory.StartNew(
            () =>
            {
                while (!Volatile.Read(ref isOver))
                    attack();
            },
            TaskCreationOptions.LongRunning);
        var buffer = new byte[100];
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < Attack;)
        {
            long asked = Stopwatch.GetTimestamp();
            if (_victim.Meet(Short) is { } connection)
            {
                _sessions++;
                while (connection.Receive(buffer, out _, Short) == RingResult.Done)
                {
                }
            }

            Assert.That(Stopwatch.GetElapsedTime(asked), Is.LessThan(TimeSpan.FromSeconds(5)));
        }

        Volatile.Write(ref isOver, true);
        attacker.Wait();
    }

    private void CheckBounds()
    {
        // The pace allows 1, 2, 4 ... 128 ms between attempts: about 15 in a second. Every session begins with one.
        Assert.That(_sessions, Is.LessThan(60));
        Assert.That(_wiring.Connects, Is.LessThan(60));
        Assert.That(_wiring.Rings, Is.LessThan(1000));
        Assert.That(_wiring.Waits, Is.LessThan(1000));
        TestContext.Out.WriteLine($"{_sessions} sessions, {_wiring.Connects} connects, {_wiring.Rings} rings, {_wiring.Waits} waits");
    }

    private void CheckAnHonestPeerIsMet()
    {
        // The victim's own words may be as the attack left them until it looks, and an honest peer could take them for an answer.
        _victim.Meet(Short);
        using RingRendezvous honest = Start(!_wiring.IsSecond);
        using RingConnection connection = Meet(honest);
        Assert.That(connection.Send("x"u8, Long), Is.EqualTo(RingResult.Done));
    }

    private RingRendezvous Start(bool isSecond) => new(_wire.Start(isSecond));

    private RingConnection Meet(RingRendezvous honest)
    {
        Task<RingConnection?> meeting = Task.Factory.StartNew(() => honest.Meet(Long), TaskCreationOptions.LongRunning);
        Assert.That(_victim.Meet(Long), Is.Not.Null);
        Assert.That(meeting.Wait(Long), Is.True);
        return meeting.Result!;
    }

    private void Write(Span<byte> memory, int word, uint value) => RendezvousLayout.Write(memory, _attacker.IsSecond, word, value);
}
