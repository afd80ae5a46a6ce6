using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Microkernel.Messages.Ring;
using Microkernel.Rings;

namespace Microkernel.Rpc;

/// <summary>
/// What a session sends. Nobody waits here for room in the ring: a frame that finds none is kept, and a thread that exists only
/// once that has happened sends it. Who makes frames without having been asked for them waits for <see cref="RoomAsync"/>.
/// </summary>
internal sealed class Outbox
{
    private readonly object _lock = new();
    private readonly RingConnection _connection;
    private readonly Queue<byte[]> _frames = new();
    private readonly byte[] _scratch = new byte[RingLimits.LargestFrame];
    private Thread? _sender;
    private TaskCompletionSource? _room;
    private long _backlog;
    private bool _isSending;
    private bool _isClosed;

    internal Outbox(RingConnection connection) => _connection = connection;

    /// <summary>The bytes that wait for room in the ring.</summary>
    internal long Backlog => Volatile.Read(ref _backlog);

    /// <summary>Whether so many frames waited that the other side seems not to read at all; the session is over then.</summary>
    internal bool IsOverrun { get; private set; }

    /// <summary>Sends a frame, in order; nothing once the session is over.</summary>
    internal void Post(scoped in Envelope frame)
    {
        lock (_lock)
        {
            if (_isClosed)
                return;
            if (!frame.TryWrite(_scratch, out int length))
                throw new InvalidOperationException("a frame is longer than its limits allow");
            ReadOnlySpan<byte> bytes = _scratch.AsSpan(0, length);
            if (_frames.Count == 0 && !_isSending && _connection.Send(bytes, TimeSpan.Zero) != RingResult.Wait)
                return;
            if (_frames.Count < RingLimits.BacklogFrames)
                Keep(bytes.ToArray());
            else
                _isClosed = IsOverrun = true;
        }

        // Outside the lock: it waits until nobody sends or receives any more.
        if (IsOverrun)
            _connection.Dispose();
    }

    /// <summary>Waits until few enough bytes wait that more may be made.</summary>
    internal Task RoomAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_isClosed || _backlog < RingLimits.BacklogForEvents)
                return Task.CompletedTask;
            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task.WaitAsync(cancellation);
        }
    }

    /// <summary>Forgets what was not sent. The connection must be disposed of first, so that the sender waits no more.</summary>
    internal void Close()
    {
        Thread? sender;
        lock (_lock)
        {
            _isClosed = true;
            _frames.Clear();
            sender = _sender;
            Monitor.PulseAll(_lock);
            LetMakersGo();
        }

        sender?.Join();
    }

    private void Keep(byte[] frame)
    {
        _frames.Enqueue(frame);
        _backlog += frame.Length;
        if (_sender is null)
        {
            _sender = new Thread(SendAll) { IsBackground = true, Name = "ring sender" };
            _sender.Start();
        }

        Monitor.PulseAll(_lock);
    }

    private void SendAll()
    {
        while (TryTake(out byte[] frame))
        {
            _connection.Send(frame, Timeout.InfiniteTimeSpan);
            lock (_lock)
            {
                _isSending = false;
                _backlog -= frame.Length;
                if (_backlog < RingLimits.BacklogForEvents)
                    LetMakersGo();
            }
        }
    }

    private bool TryTake(out byte[] frame)
    {
        lock (_lock)
        {
            while (_frames.Count == 0 && !_isClosed)
                Monitor.Wait(_lock);
            frame = _isClosed ? [] : _frames.Dequeue();
            _isSending = !_isClosed;
            return !_isClosed;
        }
    }

    private void LetMakersGo()
    {
        _room?.SetResult();
        _room = null;
    }
}
