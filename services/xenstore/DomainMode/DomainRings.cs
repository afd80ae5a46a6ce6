using System;
using System.Collections.Generic;
using Microkernel.Services;
using Microkernel.Xen;

namespace Microkernel.XenStore.DomainMode;

/// <summary>The rings of all domains that are introduced, by event channels and grants.</summary>
internal sealed class DomainRings : DomainHost
{
    /// <summary>The grant by which every domain's builder gives the store its ring page.</summary>
    private const uint StoreGrant = 1;

    private readonly Dictionary<uint, RingConnection> _byPort = [];
    private readonly Dictionary<int, uint> _ports = [];
    private readonly GrantDevice _grants;
    private readonly EventPorts _events;
    private readonly ServiceLog _log;
    private StoreServer? _server;

    internal DomainRings(GrantDevice grants, EventPorts events, ServiceLog log)
    {
        _grants = grants;
        _events = events;
        _log = log;
    }

    /// <summary>Says whose domains these are.</summary>
    internal DomainRings For(StoreServer server)
    {
        _server = server;
        return this;
    }

    internal IEnumerable<RingConnection> All => _byPort.Values;

    /// <summary>The connection of a port.</summary>
    internal RingConnection? Find(uint port) => _byPort.GetValueOrDefault(port);

    public override bool Connect(Domain domain)
    {
        try
        {
            GrantedRingPage page = Map(domain);
            var connection = new RingConnection(_server!, domain, page);
            _byPort.Add(page.Port, connection);
            _ports.Add(domain.Id, page.Port);
            return true;
        }
        catch (XenException refused)
        {
            _log.Warning($"domain {domain.Id} is not connected: {refused.Message}");
            return false;
        }
    }

    public override void Disconnect(Domain domain)
    {
        if (!_ports.Remove(domain.Id, out uint port) || !_byPort.Remove(port, out RingConnection? connection))
            return;
        try
        {
            connection.Close();
        }
        catch (XenException refused)
        {
            _log.Warning($"domain {domain.Id} is disconnected only in part: {refused.Message}");
        }
    }

    private GrantedRingPage Map(Domain domain)
    {
        MappedPages page = _grants.Map((ushort)domain.Id, StoreGrant);
        try
        {
            return new GrantedRingPage(page, _events, _events.BindInterdomain((ushort)domain.Id, domain.Port));
        }
        catch
        {
            page.Dispose();
            throw;
        }
    }
}
