using System;
using System.Threading;

namespace Microkernel.Rings;

/// <summary>
/// Makes a connection of a ring between two services, and another one whenever either of them has begun again. What the other
/// side writes into the memory can keep them apart or end a session, and nothing else; sessions do not follow each other faster
/// than <see cref="Pace"/> says.
/// </summary>
public sealed class RingRendezvous : IDisposable
{
    /// <summary>How often a second side looks by itself: it may have no bell yet, or one that went with the first side's old channel.</summary>
    private static readonly TimeSpan SecondLooks = TimeSpan.FromMilliseconds(20);

    /// <summary>How often a first side does: somebody may have spoilt its port, so that nobody can ring.</summary>
    private static readonly TimeSpan FirstLooks = TimeSpan.FromMilliseconds(250);

    private readonly Lock _meeting = new();
    private readonly RingWiring _wiring;
    private readonly Pace _pace;
    private RingConnection? _session;
    private bool _hasBegun;
    private bool _isFresh;
    private uint _epoch;
    private uint _joined;
    private uint _port;
    private volatile bool _isOver;

    /// <summary>Takes over a wiring.</summary>
    public RingRendezvous(RingWiring wiring)
        : this(wiring, new Pace())
    {
    }

    internal RingRendezvous(RingWiring wiring, Pace pace)
    {
        _pace = pace;
        int queueSize = RingLayout.QueueSize(wiring.Memory.Length - RendezvousLayout.Size);
        ArgumentOutOfRangeException.ThrowIfLessThan(queueSize, RingLayout.SmallestQueue);
        _wiring = wiring;
    }

    /// <summary>Ends the last session and waits until both sides are ready for a new one.</summary>
    /// <param name="timeout">How long to wait.</param>
    /// <returns>
    /// The connection, which <see cref="Meet"/> and <see cref="Dispose"/> dispose of: its calls end with
    /// <see cref="RingResult.Closed"/> when the other side begins again. Null if time was up first, or this was disposed of.
    /// </returns>
    public RingConnection? Meet(TimeSpan timeout)
    {
        var deadline = new Deadline(timeout);
        lock (_meeting)
        {
            EndSession();
            if (!_isFresh && !_isOver)
                Begin();
            while (!_isOver && (_session = TryMeet()) is null && !deadline.IsOver)
                _wiring.Wait(UntilNextLook(deadline.Left));
            return _session;
        }
    }

    /// <summary>Ends the session and all waiting, and lets go of the wiring.</summary>
    public void Dispose()
    {
        _isOver = true;
        _wiring.Interrupt();
        lock (_meeting)
        {
            EndSession();
            _wiring.Dispose();
        }
    }

    private void EndSession()
    {
        _session?.Dispose();
        _session = null;
    }

    /// <summary>Makes this side's words new, and only then says so by a new epoch.</summary>
    private void Begin()
    {
        _joined = 0;
        WriteOwn(RendezvousLayout.Joined, 0);
        RendezvousLayout.ClearQueues(_wiring.Memory, _wiring.IsSecond);
        if (!_hasBegun)
        {
            // What the last incarnation left. After this, own words are kept here and never taken from the memory.
            _epoch = ReadOwn(RendezvousLayout.Epoch);
            _port = _wiring.IsSecond ? 0 : _wiring.Listen();
            WriteOwn(RendezvousLayout.Port, _port);
            _hasBegun = true;
        }

        _epoch = Math.Max(1, unchecked(_epoch + 1));
        WriteOwn(RendezvousLayout.Epoch, _epoch);
        _isFresh = true;
        _wiring.Ring();
    }

    private RingConnection? TryMeet()
    {
        Restore();
        uint epoch = ReadPeer(RendezvousLayout.Epoch);
        if (epoch == 0 || (epoch != _joined && !TryJoin(epoch)))
            return null;
        if (ReadPeer(RendezvousLayout.Joined) != _epoch || ReadPeer(RendezvousLayout.Epoch) != _joined)
            return null;
        _isFresh = false;
        return new RingConnection(new SessionTransport(_wiring, _joined));
    }

    /// <summary>Puts right what a peer has written into this side's words: the next one need not be as bad.</summary>
    private void Restore()
    {
        if (ReadOwn(RendezvousLayout.Epoch) == _epoch && ReadOwn(RendezvousLayout.Joined) == _joined && ReadOwn(RendezvousLayout.Port) == _port)
            return;
        WriteOwn(RendezvousLayout.Port, _port);
        WriteOwn(RendezvousLayout.Joined, _joined);
        WriteOwn(RendezvousLayout.Epoch, _epoch);
        _wiring.Ring();
    }

    private bool TryJoin(uint epoch)
    {
        if (_pace.Left > TimeSpan.Zero)
            return false;
        _pace.Step();
        // Each time: a first side that is a new incarnation has another channel, maybe of the same number.
        if (_wiring.IsSecond && !_wiring.Connect(ReadPeer(RendezvousLayout.Port)))
            return false;
        _joined = epoch;
        WriteOwn(RendezvousLayout.Joined, epoch);
        // Without it, the side that was ready first would not hear of it.
        _wiring.Ring();
        return true;
    }

    private TimeSpan UntilNextLook(TimeSpan left)
    {
        TimeSpan longest = _pace.Left;
        if (longest == TimeSpan.Zero)
            longest = _wiring.IsSecond ? SecondLooks : FirstLooks;
        return left == Timeout.InfiniteTimeSpan || left > longest ? longest : left;
    }

    private uint ReadPeer(int word) => RendezvousLayout.Read(_wiring.Memory, !_wiring.IsSecond, word);

    private uint ReadOwn(int word) => RendezvousLayout.Read(_wiring.Memory, _wiring.IsSecond, word);

    private void WriteOwn(int word, uint value) => RendezvousLayout.Write(_wiring.Memory, _wiring.IsSecond, word, value);
}
