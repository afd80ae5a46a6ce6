using System;
using System.Collections.Generic;
using System.Threading;

namespace Microkernel.Xen;

/// <summary>
/// Event channels whose handlers one thread calls: for a service with many of them, each of little work. A handler that throws ends the
/// process, as on any other thread.
/// </summary>
public sealed class EventDispatcher : IDisposable
{
    private const int AtATime = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<uint, Action> _handlers = [];
    private readonly EventPorts _ports;
    private readonly Thread _thread;
    private volatile bool _isOver;

    private EventDispatcher(EventPorts ports, string name)
    {
        _ports = ports;
        _thread = new Thread(Run) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Opens the device and starts the thread.</summary>
    /// <param name="name">The thread's name.</param>
    public static EventDispatcher Start(string name) => new(EventPorts.Open(), name);

    /// <summary>Makes a port that a domain can connect to.</summary>
    public uint BindUnbound(ushort remoteDomain, Action handler) => Add(() => _ports.BindUnbound(remoteDomain), handler);

    /// <summary>Connects to a domain's unbound port.</summary>
    public uint BindInterdomain(ushort remoteDomain, uint remotePort, Action handler) =>
        Add(() => _ports.BindInterdomain(remoteDomain, remotePort), handler);

    /// <summary>Takes a virtual interrupt of the hypervisor.</summary>
    public uint BindVirtualInterrupt(uint interrupt, Action handler) => Add(() => _ports.BindVirtualInterrupt(interrupt), handler);

    /// <summary>Rings the other side of a port.</summary>
    public void Notify(uint port) => _ports.Notify(port);

    /// <summary>Gives a port up. Its handler may be running for the last time.</summary>
    public void Unbind(uint port)
    {
        lock (_lock)
        {
            if (_handlers.Remove(port))
                _ports.Unbind(port);
        }
    }

    /// <summary>Ends the thread and gives all ports up.</summary>
    public void Dispose()
    {
        _isOver = true;
        _ports.Interrupt();
        if (_thread != Thread.CurrentThread)
            _thread.Join();
        _ports.Dispose();
    }

    private uint Add(Func<uint> bind, Action handler)
    {
        // The lock keeps the thread from seeing a port before it knows the port's handler.
        lock (_lock)
        {
            uint port = bind();
            _handlers.Add(port, handler);
            return port;
        }
    }

    private void Run()
    {
        Span<uint> ports = stackalloc uint[AtATime];
        while (!_isOver)
        {
            int count = _ports.Wait(ports, Timeout.InfiniteTimeSpan);
            foreach (uint port in ports[..count])
                Serve(port);
        }
    }

    private void Serve(uint port)
    {
        // Unmasked first: a ring that comes while the handler runs must make it run again.
        if (TryUnmask(port) is { } handler)
            handler();
    }

    private Action? TryUnmask(uint port)
    {
        lock (_lock)
        {
            if (_isOver || !_handlers.TryGetValue(port, out Action? handler))
                return null;
            _ports.Unmask(port);
            return handler;
        }
    }
}
