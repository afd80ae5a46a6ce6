using System;
using System.Threading;

namespace Microkernel.Rings;

/// <summary>What lies between two services in one process, and outlives both, for tests and tools.</summary>
public sealed class LocalWire
{
    private readonly Lock _lock = new();
    private readonly byte[] _memory;
    private LocalWiring? _first;
    private LocalWiring? _second;
    private uint _lastPort;
    private uint _port;
    private bool _isConnected;

    /// <summary>Makes a wire with a size of memory, <see cref="RendezvousLayout.Size"/> for the rendezvous among it.</summary>
    public LocalWire(int size) => _memory = new byte[size];

    /// <summary>A new incarnation of a side. The one before can no longer do anything, as if its domain had been destroyed.</summary>
    public LocalWiring Start(bool isSecond)
    {
        lock (_lock)
        {
            LocalWiring wiring = new(this, isSecond);
            if (isSecond)
                _second = wiring;
            else
                (_first, _port) = (wiring, 0);
            _isConnected = false;
            return wiring;
        }
    }

    /// <summary>The memory, or some that nobody sees for an incarnation that is over.</summary>
    internal Span<byte> MemoryOf(LocalWiring side) => IsCurrent(side) ? _memory : new byte[_memory.Length];

    internal uint Listen(LocalWiring side)
    {
        lock (_lock)
        {
            if (!IsCurrent(side))
                return 0;
            _isConnected = false;
            return _port = ++_lastPort;
        }
    }

    internal bool Connect(LocalWiring side, uint port)
    {
        lock (_lock)
            return IsCurrent(side) && (_isConnected = port != 0 && port == _port);
    }

    internal LocalWiring? PeerOf(LocalWiring side)
    {
        lock (_lock)
            return _isConnected && IsCurrent(side) ? (side.IsSecond ? _first : _second) : null;
    }

    internal void End(LocalWiring side)
    {
        lock (_lock)
        {
            if (IsCurrent(side))
                _isConnected = false;
        }
    }

    private bool IsCurrent(LocalWiring side) => side == (side.IsSecond ? _second : _first);
}
