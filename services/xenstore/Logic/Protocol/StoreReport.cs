using System.Linq;
using System.Text;

namespace Microkernel.XenStore;

/// <summary>What the store holds, in words.</summary>
internal static class StoreReport
{
    internal static string Quotas(QuotaSet quotas)
    {
        var text = new StringBuilder();
        for (int i = 0; i < QuotaSet.Names.Length; i++)
            text.Append(QuotaSet.Names[i]).Append(": ").Append(quotas[(Quota)i]).Append('\n');
        return text.ToString();
    }

    internal static string Usage(Account account) =>
        $"""
        Domain {account.Domain}:
        nodes: {account.Nodes}/{account.Quotas[Quota.Nodes]}
        memory: {account.Memory}/{account.Quotas[Quota.Memory]}
        watches: {account.Watches}/{account.Quotas[Quota.Watches]}
        transactions: {account.Transactions}/{account.Quotas[Quota.Transactions]}

        """;

    internal static string Write(Store store, DomainTable domains)
    {
        var text = new StringBuilder();
        text.Append("nodes: ").Append(store.Accounts.Nodes).Append('\n');
        text.Append("bytes: ").Append(store.Accounts.Memory).Append('\n');
        text.Append("watches: ").Append(store.Watches.Count).Append('\n');
        text.Append("generation: ").Append(store.Generation).Append('\n');
        text.Append("domains: ").Append(domains.All.Count(static d => d.IsIntroduced)).Append('\n');
        foreach (Account account in store.Accounts.All.OrderBy(static a => a.Domain))
            text.Append(Usage(account));
        return text.ToString();
    }
}
