using System;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;
using Microkernel.Protos.Xenstore;
using Mk.Control;

namespace Mk.Store;

/// <summary>What the store holds.</summary>
public static class StoreStats
{
    /// <summary>Asks for all of it.</summary>
    public static async Task<GetStatisticsResponse> ReadAsync(SystemConnection system)
    {
        GetStatisticsResponse all = await ReadAsync(system, 0);
        for (uint next = all.NextDomain; next != 0;)
        {
            GetStatisticsResponse part = await ReadAsync(system, next);
            all.Domains.AddRange(part.Domains);
            next = part.NextDomain;
        }
        return all;
    }

    /// <summary>Prints it.</summary>
    public static void Print(GetStatisticsResponse all, bool isJson)
    {
        if (isJson)
        {
            Json.Print(new { all.Nodes, all.Bytes, all.CapacityBytes, all.Watches, Changes = all.Generation, Domains = all.Domains.Select(static d => ToJson(d)) });
            return;
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{all.Nodes} nodes of {all.Bytes >> 10} KiB{(all.CapacityBytes > 0 ? $" (at most {all.CapacityBytes >> 10})" : "")}, {all.Watches} watches, {all.Generation} changes"));
        Console.WriteLine("  ID Ring          Nodes             KiB     Watches Transactions");
        foreach (DomainStatistics d in all.Domains)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{d.Domain,4} {(d.IsConnected ? "yes" : "-"),-4} {Of(d.Nodes, d.NodesLimit),14} {Of(d.Bytes >> 10, d.BytesLimit >> 10),15} {Of(d.Watches, d.WatchesLimit),11} {Of(d.Transactions, d.TransactionsLimit),12}"));
        }
    }

    private static Task<GetStatisticsResponse> ReadAsync(SystemConnection system, uint fromDomain) =>
        system.RepeatAsync(options => system.XenStore.GetStatisticsAsync(new GetStatisticsRequest { FromDomain = fromDomain }, options));

    private static object ToJson(DomainStatistics d) => new
    {
        d.Domain,
        d.IsConnected,
        d.Nodes,
        d.NodesLimit,
        d.Bytes,
        d.BytesLimit,
        d.Watches,
        d.WatchesLimit,
        d.Transactions,
        d.TransactionsLimit,
    };

    private static string Of(ulong amount, ulong limit) =>
        limit == 0 ? amount.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{amount}/{limit}");
}
