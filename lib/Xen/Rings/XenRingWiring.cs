using System;
using System.Threading;
using Microkernel.Rings;

namespace Microkernel.Xen;

/// <summary>A ring between two services over the hypervisor: memory of the core, and an event channel as the bell.</summary>
public sealed class XenRingWiring : RingWiring
{
    private const uint NoPort = 0;

    private readonly Lock _lock = new();
    private readonly MappedPages _memory;
    private readonly EventPorts _ports;
    private readonly ushort _peer;
    private uint _port;
    private bool _isDisposed;

    private XenRingWiring(MappedPages memory, EventPorts ports, RingInfo ring)
    {
        _memory = memory;
        _ports = ports;
        _peer = ring.Peer;
        IsSecond = ring.IsSecond;
    }

    /// <inheritdoc/>
    public override bool IsSecond { get; }

    /// <inheritdoc/>
    public override Span<byte> Memory => _memory.Bytes;

    /// <summary>Maps a ring of this domain.</summary>
    /// <exception cref="XenException">The core or the kernel refuses it.</exception>
    public static XenRingWiring Open(ServiceCalls calls, RingInfo ring)
    {
        EventPorts ports = EventPorts.Open();
        try
        {
            return new XenRingWiring(calls.MapRing(ring), ports, ring);
        }
        catch
        {
            ports.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override uint Listen()
    {
        lock (_lock)
            return _port = _ports.BindUnbound(_peer);
    }

    /// <inheritdoc/>
    public override bool Connect(uint port)
    {
        lock (_lock)
        {
            Unbind();
            try
            {
                _port = _ports.BindInterdomain(_peer, port);
                return true;
            }
            catch (XenException)
            {
                // The number was the other side's word, and may be an old one.
                return false;
            }
        }
    }

    /// <inheritdoc/>
    public override void Ring()
    {
        lock (_lock)
        {
            if (_port != NoPort && !_isDisposed)
                _ports.Notify(_port);
        }
    }

    /// <inheritdoc/>
    public override void Wait(TimeSpan timeout)
    {
        Span<uint> rung = stackalloc uint[1];
        if (_ports.Wait(rung, timeout) == 0)
            return;
        lock (_lock)
        {
            // A port that Connect gave up meanwhile may still have been in the queue.
            if (rung[0] == _port && !_isDisposed)
                _ports.Unmask(_port);
        }
    }

    /// <inheritdoc/>
    public override void Interrupt()
    {
        lock (_lock)
        {
            if (!_isDisposed)
                _ports.Interrupt();
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
        }

        _ports.Dispose();
        _memory.Dispose();
    }

    private void Unbind()
    {
        if (_port == NoPort)
            return;
        _ports.Unbind(_port);
        _port = NoPort;
    }
}
