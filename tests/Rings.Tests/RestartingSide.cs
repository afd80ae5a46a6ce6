using System;
using System.Buffers.Binary;
using NUnit.Framework;

namespace Microkernel.Rings.Tests;

/// <summary>
/// A service that, between any two steps, may end its session, or be destroyed and begin again as a new incarnation. It sends
/// numbered messages, stamped with the session that it is in as both sides see it, and checks those that it gets.
/// </summary>
internal sealed class RestartingSide
{
    private const int Longest = 40;

    private readonly LocalWire _wire;
    private readonly bool _isSecond;
    private readonly Random _random;
    private readonly byte[] _buffer = new byte[Longest];
    private RingRendezvous _rendezvous;
    private RingConnection? _connection;
    private ulong _session;
    private ulong _peerSession;
    private uint _sent;
    private uint _received;

    internal RestartingSide(LocalWire wire, bool isSecond, int seed)
    {
        _wire = wire;
        _isSecond = isSecond;
        _random = new Random(seed);
        _rendezvous = Begin();
    }

    internal int Incarnations { get; private set; }

    internal int Sessions { get; private set; }

    /// <summary>Messages received altogether.</summary>
    internal long Received { get; private set; }

    /// <summary>Messages received in this session.</summary>
    internal uint ReceivedNow => _connection is null ? 0 : _received;

    /// <summary>One step; restarts among them if wanted.</summary>
    internal void Step(bool mayRestart)
    {
        int choice = mayRestart ? _random.Next(200) : 100;
        if (choice == 0)
            (_rendezvous, _connection) = (Begin(), null);
        else if (choice <= 3)
            End();
        else if (_connection is null)
            Meet();
        else if (choice % 2 == 0)
            Send();
        if (_connection is not null)
            Receive(TimeSpan.FromMilliseconds(_random.Next(3)));
    }

    internal void Stop() => _rendezvous.Dispose();

    private RingRendezvous Begin()
    {
        Incarnations++;
        return new RingRendezvous(_wire.Start(_isSecond), new Pace(longest: 1));
    }

    private void End()
    {
        _connection?.Dispose();
        _connection = null;
    }

    private void Meet()
    {
        _connection = _rendezvous.Meet(TimeSpan.FromMilliseconds(_random.Next(4)));
        if (_connection is null)
            return;
        Sessions++;
        (_session, _peerSession, _sent, _received) = ((ulong)_random.NextInt64(), 0, 0, 0);
    }

    private void Send()
    {
        Span<byte> message = stackalloc byte[Longest];
        BinaryPrimitives.WriteUInt64LittleEndian(message, _session);
        BinaryPrimitives.WriteUInt64LittleEndian(message[8..], _peerSession);
        BinaryPrimitives.WriteUInt32LittleEndian(message[16..], _sent);
        RingResult result = _connection!.Send(message[..(20 + (int)(_sent % 20))], TimeSpan.Zero);
        if (result == RingResult.Done)
            _sent++;
        else if (result == RingResult.Closed)
            End();
    }

    private void Receive(TimeSpan timeout)
    {
        RingResult result = _connection!.Receive(_buffer, out int length, timeout);
        if (result == RingResult.Closed)
            End();
        if (result != RingResult.Done)
            return;
        ulong from = BinaryPrimitives.ReadUInt64LittleEndian(_buffer), to = BinaryPrimitives.ReadUInt64LittleEndian(_buffer.AsSpan(8));
        if (_received == 0)
            _peerSession = from;
        Assert.That(from, Is.EqualTo(_peerSession), "a message of another session");
        Assert.That(to, Is.Zero.Or.EqualTo(_session), "a message for another session");
        Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(16)), Is.EqualTo(_received), "a message was lost");
        Assert.That(length, Is.EqualTo(20 + (int)(_received % 20)));
        _received++;
        Received++;
    }
}
