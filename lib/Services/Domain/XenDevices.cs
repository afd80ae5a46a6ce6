using System;
using System.Collections.Generic;
using System.Linq;
using Microkernel.Xen;

namespace Microkernel.Services;

/// <summary>The domain as the core knows it, and the devices to call it. Opened when first used: outside of a domain that fails.</summary>
internal sealed class XenDevices : IDisposable
{
    private readonly Privcmd _privcmd;

    private XenDevices(Privcmd privcmd)
    {
        _privcmd = privcmd;
        Own = new OwnCalls(privcmd);
        Service = new ServiceCalls(privcmd);
    }

    internal Privcmd Privcmd => _privcmd;

    internal OwnCalls Own { get; }

    internal ServiceCalls Service { get; }

    internal static XenDevices Open() => new(Privcmd.Open());

    /// <summary>All rings of this domain.</summary>
    internal IReadOnlyList<RingInfo> ReadRings() => [.. Enumerable.Range(0, Service.GetInfo().Rings).Select(Service.GetRing)];

    public void Dispose() => _privcmd.Dispose();
}
