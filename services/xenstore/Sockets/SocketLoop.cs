using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Microkernel.Protos.Xenstore.Journal;
using Microkernel.XenStore.Native;

namespace Microkernel.XenStore.Sockets;

/// <summary>The one thread of the program on plain Linux: waits for sockets and bells, does what they bring, and answers.</summary>
internal sealed class SocketLoop : IDisposable
{
    private const int AtATime = 256;

    private readonly EpollEvent[] _seen = new EpollEvent[AtATime];
    private readonly byte[] _buffer = new byte[256 << 10];
    private readonly Dictionary<int, RingConnection> _rings = [];
    private readonly ReadyRings _ready;
    private readonly List<SocketConnection> _changed = [];
    private readonly StoreServer _server;
    private readonly int _poll;
    private readonly int _listener;
    private readonly int _timer;
    private SocketConnection?[] _connections = new SocketConnection?[64];

    internal SocketLoop(StoreServer server, int listener)
    {
        _server = server;
        _ready = new ReadyRings(server);
        _listener = listener;
        _poll = LibC.EpollCreate(LibC.CloseOnExec);
        Control(LibC.EpollAdd, listener, LibC.PollIn);
        // A limit of each wait would cost more than a timer that fires now and then.
        _timer = LibC.TimerCreate(LibC.MonotonicClock, LibC.NonBlocking | LibC.CloseOnExec);
        var second = new TimerInterval { Seconds = 1, FirstSeconds = 1 };
        _ = LibC.TimerSet(_timer, 0, ref second, 0);
        Control(LibC.EpollAdd, _timer, LibC.PollIn);
    }

    /// <summary>Set to end the loop.</summary>
    internal bool IsStopping { get; set; }

    /// <summary>The clients.</summary>
    internal IEnumerable<SocketConnection> Connections => _connections.OfType<SocketConnection>();

    /// <summary>Serves a ring whose bell is a descriptor.</summary>
    internal void Add(int bell, RingConnection ring)
    {
        _rings[bell] = ring;
        _ready.Add(ring);
        Control(LibC.EpollAdd, bell, LibC.PollIn);
    }

    /// <summary>Ends that.</summary>
    internal void Remove(int bell)
    {
        _rings.Remove(bell);
        Control(LibC.EpollDelete, bell, 0);
    }

    /// <summary>Serves a client's socket.</summary>
    internal SocketConnection Add(int descriptor)
    {
        if (descriptor >= _connections.Length)
            Array.Resize(ref _connections, Math.Max(2 * _connections.Length, descriptor + 1));
        var connection = new SocketConnection(_server, descriptor);
        _connections[descriptor] = connection;
        Control(LibC.EpollAdd, descriptor, connection.Interest);
        return connection;
    }

    /// <summary>Goes on with the clients of the program before this one.</summary>
    internal void Restore(IEnumerable<JournalSocket> clients)
    {
        foreach (JournalSocket client in clients)
        {
            SocketConnection connection = Add((int)client.File);
            connection.Restore(client);
            connection.Flush();
            connection.Resume();
            _server.EndBatch();
            Watch(connection);
        }
    }

    /// <summary>Serves until it is told to stop.</summary>
    internal void Run()
    {
        while (!IsStopping)
        {
            int count = LibC.EpollWait(_poll, ref _seen[0], AtATime, _ready.IsEmpty ? -1 : 0);
            _changed.Clear();
            for (int i = 0; i < count; i++)
                Take(_seen[i]);
            _ready.ServeTurn();
            foreach (SocketConnection connection in _changed)
                Finish(connection);
        }
    }

    public void Dispose()
    {
        foreach (SocketConnection? connection in _connections)
            connection?.Close();
        _ = LibC.Close(_timer);
        _ = LibC.Close(_poll);
    }

    private void Take(in EpollEvent seen)
    {
        int descriptor = seen.Descriptor;
        if (descriptor == _listener)
        {
            Accept();
        }
        else if (descriptor < _connections.Length && _connections[descriptor] is { } connection)
        {
            Take(connection, seen.Events);
        }
        else if (_rings.TryGetValue(descriptor, out RingConnection? ring))
        {
            _ = LibC.Read(descriptor, ref _buffer[0], _buffer.Length);
            _ready.Add(ring);
        }
        else if (descriptor == _timer)
        {
            _ = LibC.Read(descriptor, ref _buffer[0], _buffer.Length);
            _server.Tick(Environment.TickCount64);
        }
    }

    private void Take(SocketConnection connection, uint events)
    {
        _changed.Add(connection);
        if ((events & LibC.PollOut) != 0)
        {
            connection.Flush();
            connection.Resume();
        }
        if ((events & ~LibC.PollOut) != 0)
            connection.Read(_buffer, isLast: (events & ~(LibC.PollIn | LibC.PollOut)) != 0);
    }

    /// <summary>After a batch: closes what is over, and asks for what is wanted now.</summary>
    private void Finish(SocketConnection connection)
    {
        if (connection.IsOver)
        {
            if (_connections[connection.Descriptor] != connection)
                return;
            _connections[connection.Descriptor] = null;
            connection.Close();
            return;
        }
        while (connection.HasBacklog)
        {
            connection.Resume();
            _server.EndBatch();
        }
        Watch(connection);
    }

    private void Watch(SocketConnection connection)
    {
        uint wanted = connection.Wanted;
        if (wanted == connection.Interest && connection.IsDrained)
            return;
        // What is there already counts as new, too.
        connection.Interest = wanted;
        Control(LibC.EpollModify, connection.Descriptor, wanted);
    }

    private void Accept()
    {
        int descriptor = LibC.Accept(_listener, 0, 0, LibC.NonBlocking | LibC.CloseOnExec);
        if (descriptor >= 0)
            Add(descriptor);
    }

    private void Control(int operation, int descriptor, uint wanted)
    {
        var argument = new EpollEvent { Events = wanted, Descriptor = descriptor };
        if (LibC.EpollControl(_poll, operation, descriptor, ref argument) != 0 && operation != LibC.EpollDelete)
            throw new InvalidOperationException($"epoll refuses descriptor {descriptor}: error {Marshal.GetLastPInvokeError()}");
    }
}
