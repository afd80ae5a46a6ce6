using System.Collections.Generic;
using System.Linq;

namespace Microkernel.XenStore;

/// <summary>Looks whether a store agrees with itself.</summary>
public static class StoreCheck
{
    /// <summary>Counts everything again.</summary>
    /// <returns>What is wrong; null if nothing is.</returns>
    public static string? Run(Store store)
    {
        var counted = new AccountChanges();
        if (Count(store.Root, 0, store.Generation, counted) is { } fault)
            return fault;
        Dictionary<int, AccountChange> byDomain = counted.All.ToArray().ToDictionary(static c => c.Domain);
        foreach (Account account in store.Accounts.All)
        {
            AccountChange real = byDomain.GetValueOrDefault(account.Domain);
            if (real.Nodes != account.Nodes || real.Memory != account.Memory || real.Mentions != account.Mentions)
                return $"domain {account.Domain} has {real.Nodes} nodes of {real.Memory} bytes, its account says {account.Nodes} of {account.Memory}";
        }
        return null;
    }

    private static string? Count(Node node, int nameLength, ulong newest, AccountChanges counted)
    {
        counted.Add(node, nameLength);
        if (node.ListGeneration > newest)
            return $"a node is of change {node.ListGeneration}, after the last one";
        int count = 0, length = 0;
        byte[]? last = null;
        foreach (Branch child in node.Children.All)
        {
            if (last is not null && System.MemoryExtensions.SequenceCompareTo<byte>(last, child.Name) >= 0)
                return "names are out of order";
            last = child.Name;
            count++;
            length += child.Name.Length + 1;
            if (Count(child.Node, child.Name.Length, newest, counted) is { } fault)
                return fault;
        }
        return count == node.Children.Count && length == node.Children.ListingLength ? null : "a list has another length than it says";
    }
}
