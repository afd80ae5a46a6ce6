using System;
using Microkernel.Xen;

namespace Microkernel.XenStore.DomainMode;

/// <summary>A ring page that its domain has granted, and an event channel.</summary>
internal sealed class GrantedRingPage : RingPage
{
    private readonly MappedPages _page;
    private readonly EventPorts _ports;

    internal GrantedRingPage(MappedPages page, EventPorts ports, uint port)
    {
        _page = page;
        _ports = ports;
        Port = port;
    }

    /// <summary>This side's port.</summary>
    internal uint Port { get; }

    public override Span<byte> Memory => _page.Bytes;

    public override void Notify() => _ports.Notify(Port);

    public override void Dispose()
    {
        try
        {
            _ports.Unbind(Port);
        }
        finally
        {
            _page.Dispose();
        }
    }
}
