using System;
using Microkernel.Xen;

namespace Microkernel.Services.QemuDm;

/// <summary>Guests' consoles, by grants and event channels.</summary>
internal sealed class XenConsoleLinks : IConsoleLinks, IDisposable
{
    private readonly GrantDevice _grants;
    private readonly EventDispatcher _events;

    private XenConsoleLinks(GrantDevice grants, EventDispatcher events) => (_grants, _events) = (grants, events);

    internal static XenConsoleLinks Open() => new(GrantDevice.Open(), EventDispatcher.Start("consoles"));

    public ConsoleLink Open(uint domain, uint grantReference, uint remotePort, Action notified)
    {
        if (domain > ushort.MaxValue)
            throw new ConsoleLinkException("there is no such domain");
        try
        {
            MappedPages page = _grants.Map((ushort)domain, grantReference);
            try
            {
                return new Link(page, _events, _events.BindInterdomain((ushort)domain, remotePort, notified));
            }
            catch
            {
                page.Dispose();
                throw;
            }
        }
        catch (XenException e)
        {
            throw new ConsoleLinkException(e.Message);
        }
    }

    public void Dispose()
    {
        _events.Dispose();
        _grants.Dispose();
    }

    private sealed class Link : ConsoleLink
    {
        private readonly MappedPages _page;
        private readonly EventDispatcher _events;
        private readonly uint _port;

        internal Link(MappedPages page, EventDispatcher events, uint port) => (_page, _events, _port) = (page, events, port);

        public override Span<byte> Page => _page.Bytes;

        public override void Notify()
        {
            try
            {
                _events.Notify(_port);
            }
            catch (XenException)
            {
                // The guest has closed its end, or has ended: nobody is there to hear it.
            }
        }

        protected override void Dispose(bool disposing)
        {
            _events.Unbind(_port);
            _page.Dispose();
        }
    }
}
