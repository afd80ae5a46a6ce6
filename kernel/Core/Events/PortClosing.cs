using System;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Hypercalls;

namespace Microkernel.Core.Events;

/// <summary>Closes all ports of a domain in pieces, so that their other ends become unbound.</summary>
public sealed class PortClosing(EventChannels events, Domain domain)
{
    private const int PortsPerPiece = 256;
    private const uint PortsBetweenLooks = 64;

    // The next port to close; 0 while nothing is under way.
    private uint _next;

    /// <summary>Nothing is under way, as for a new domain.</summary>
    public void Restart() => _next = 0;

    /// <summary>
    /// EVTCHNOP_reset, and (<paramref name="isContinuation"/>) its continuation; EBUSY if another vCPU is at it, or there is nothing to go on
    /// with. EAGAIN: ports were opened meanwhile.
    /// </summary>
    public long Reset(ref HypercallCall call, bool isContinuation)
    {
        uint port = Begin(isContinuation);
        if (port == 0)
            return XenError.EBUSY;

        for (; port < events.PortCount; port++)
        {
            events.Close(port);
            if (port % PortsBetweenLooks == 0 && call.ShouldPreempt)
            {
                Interrupt(port + 1);
                call.Arg0 = EventChannelAbi.ResetContinuation;
                return call.Continue();
            }
        }

        return End();
    }

    /// <summary>The domain has ended: true when all ports are closed and everything is given back.</summary>
    public bool TeardownPiece()
    {
        uint end = Math.Min(_next + PortsPerPiece, events.PortCount);
        for (; _next < end; _next++)
            events.Close(_next);

        if (_next < events.PortCount)
            return false;

        using TicketLock.Holder held = domain.EventLock.Hold();
        events.ReleaseFrames();
        _next = 0;
        return true;
    }

    private uint Begin(bool isContinuation)
    {
        using TicketLock.Holder held = domain.EventLock.Hold();
        if (isContinuation)
            return _next;

        bool isFree = _next == 0;
        _next = isFree ? 1 : _next;
        return isFree ? 1u : 0;
    }

    private void Interrupt(uint next)
    {
        using TicketLock.Holder held = domain.EventLock.Hold();
        _next = next;
    }

    private long End()
    {
        using TicketLock.Holder held = domain.EventLock.Hold();
        _next = 0;
        if (events.HasOpenPorts)
            return XenError.EAGAIN;

        if (events.IsFifo)
            events.LeaveFifo();

        return 0;
    }
}
