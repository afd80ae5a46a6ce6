using System.Collections.Generic;
using System.Linq;

namespace Microkernel.XenStore.Tests.Support;

/// <summary>Domains whose rings are arrays in this process; they outlive servers.</summary>
internal sealed class MemoryDomains
{
    internal Dictionary<int, MemoryPage> Pages { get; } = [];

    internal DomainHost For(StoreServer server) => new Host(this, server);

    /// <summary>Serves all rings until there is nothing to do.</summary>
    internal static void Serve(StoreServer server)
    {
        bool isBusy = true;
        for (int round = 0; isBusy && round < 1000; round++)
        {
            List<RingConnection> rings = [.. server.Domains.All.Select(static d => d.Client?.Connection).OfType<RingConnection>()];
            foreach (RingConnection ring in rings)
                ring.Serve(4);
            server.EndBatch();
            isBusy = rings.Any(static r => r.HasRequests);
        }
    }

    private sealed class Host(MemoryDomains domains, StoreServer server) : DomainHost
    {
        public override bool Connect(Domain domain)
        {
            if (!domains.Pages.TryGetValue(domain.Id, out MemoryPage? page))
                return false;
            _ = new RingConnection(server, domain, page);
            return true;
        }
    }
}
