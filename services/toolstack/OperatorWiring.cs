using System;
using System.Threading;
using Microkernel.Rings;
using Microkernel.Xen;

namespace Microkernel.Services.Toolstack;

/// <summary>
/// The ring to the operator's host. The host's bell is a byte sequence on the second serial port, which the core turns into a
/// virtual interrupt; the host has no bell and looks by itself.
/// </summary>
internal sealed class OperatorWiring : RingWiring
{
    private const uint NoPortNeeded = 1;

    private readonly Lock _lock = new();
    private readonly MappedPages _memory;
    private readonly EventPorts _ports;
    private readonly uint _port;
    private bool _isDisposed;

    internal OperatorWiring(MappedPages memory, EventPorts ports)
    {
        _memory = memory;
        _ports = ports;
        _port = ports.BindVirtualInterrupt(VirtualInterrupt.Console);
    }

    public override bool IsSecond => false;

    public override Span<byte> Memory => _memory.Bytes[..OperatorLayout.StoreAt];

    public override uint Listen() => NoPortNeeded;

    public override bool Connect(uint port) => throw new InvalidOperationException("the toolstack is the first side of the operator's ring");

    public override void Ring()
    {
    }

    public override void Wait(TimeSpan timeout)
    {
        Span<uint> rung = stackalloc uint[1];
        if (_ports.Wait(rung, timeout) == 0)
            return;
        lock (_lock)
        {
            if (!_isDisposed)
                _ports.Unmask(_port);
        }
    }

    public override void Interrupt()
    {
        lock (_lock)
        {
            if (!_isDisposed)
                _ports.Interrupt();
        }
    }

    protected override void Dispose(bool disposing)
    {
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
        }

        _ports.Dispose();
    }
}
