using System.Linq;
using Microkernel.Protos.Xenstore;

namespace Microkernel.XenStore.Rpc;

/// <summary>What a store holds, as a message.</summary>
internal static class Statistics
{
    /// <summary>So many fit into a message, whatever their numbers are.</summary>
    private const int MostDomains = 500;

    internal static GetStatisticsResponse Of(StoreServer server, uint fromDomain)
    {
        Store store = server.Store;
        Account[] rest = [.. store.Accounts.All.Where(a => a.Domain >= fromDomain).OrderBy(static a => a.Domain).Take(MostDomains + 1)];
        return new GetStatisticsResponse
        {
            Nodes = (ulong)store.Accounts.Nodes,
            Bytes = (ulong)store.Accounts.Memory,
            CapacityBytes = store.Capacity == long.MaxValue ? 0 : (ulong)store.Capacity,
            Watches = (ulong)store.Watches.Count,
            Generation = store.Generation,
            Domains = { rest.Take(MostDomains).Select(a => Of(a, server.Domains.Find(a.Domain))) },
            NextDomain = rest.Length > MostDomains ? (uint)rest[MostDomains].Domain : 0,
        };
    }

    private static DomainStatistics Of(Account account, Domain? domain)
    {
        var statistics = new DomainStatistics
        {
            Domain = (uint)account.Domain,
            IsConnected = domain is { IsIntroduced: true },
            Nodes = (ulong)account.Nodes,
            Bytes = (ulong)account.Memory,
            Watches = (uint)account.Watches,
            Transactions = (uint)account.Transactions,
        };
        // The control domain's quotas do not count.
        if (account.Domain == 0)
            return statistics;
        statistics.NodesLimit = account.Quotas[Quota.Nodes];
        statistics.BytesLimit = account.Quotas[Quota.Memory];
        statistics.WatchesLimit = account.Quotas[Quota.Watches];
        statistics.TransactionsLimit = account.Quotas[Quota.Transactions];
        return statistics;
    }
}
