using System;
using System.Collections.Generic;

namespace Microkernel.XenStore;

/// <summary>The accounts of all domains, made when first needed.</summary>
public sealed class AccountTable
{
    /// <summary>What the watches and transactions of all domains may take together; who has less than a small share is not refused.</summary>
    private const long MostPending = 16 << 20, SmallShare = 64 << 10;

    private readonly Dictionary<int, Account> _accounts = [];

    /// <summary>What a domain without quotas of its own may have.</summary>
    public QuotaSet Defaults { get; } = new();

    /// <summary>About how many bytes all nodes take.</summary>
    public long Memory { get; private set; }

    /// <summary>About how many bytes all watches and open transactions take.</summary>
    public long Pending { get; private set; }

    /// <summary>How many nodes there are.</summary>
    public long Nodes { get; private set; }

    /// <summary>All accounts.</summary>
    public IReadOnlyCollection<Account> All => _accounts.Values;

    /// <summary>A domain's account.</summary>
    public Account Of(int domain)
    {
        if (!_accounts.TryGetValue(domain, out Account? account))
            _accounts.Add(domain, account = new Account(domain, Defaults));
        return account;
    }

    /// <summary>Sets a quota; of everybody without own quotas if <paramref name="domain"/> is negative.</summary>
    public void SetQuota(int domain, Quota quota, uint value)
    {
        if (domain < 0)
        {
            Defaults[quota] = value;
            return;
        }
        Account account = Of(domain);
        if (ReferenceEquals(account.Quotas, Defaults))
            account.Quotas = new QuotaSet(Defaults);
        account.Quotas[quota] = value;
    }

    /// <summary>Forgets a domain's own quotas.</summary>
    internal void Release(int domain)
    {
        if (!_accounts.TryGetValue(domain, out Account? account))
            return;
        account.Quotas = Defaults;
        if (account.IsUnused)
            _accounts.Remove(domain);
    }

    /// <summary>Whether a domain may do what has these consequences. It may always have less than before.</summary>
    internal bool Allows(in Caller caller, AccountChanges changes)
    {
        if (caller.IsPrivileged)
            return true;
        foreach (ref readonly AccountChange change in changes.All)
        {
            Account account = Of(change.Domain);
            if (change.Nodes > 0 && !account.Quotas.Allows(Quota.Nodes, account.Nodes + change.Nodes))
                return false;
            if (change.Memory > 0 && !account.Quotas.Allows(Quota.Memory, account.Memory + account.Pending + change.Memory))
                return false;
        }
        return true;
    }

    /// <summary>Whether a domain's watches and transactions may take so many bytes more.</summary>
    internal bool AllowsPending(in Caller caller, Account account, long more) =>
        caller.IsPrivileged
        || account.Quotas.Allows(Quota.Memory, account.Memory + account.Pending + more)
        && (Pending + more <= MostPending || account.Pending + more <= SmallShare);

    /// <summary>A domain's watches and transactions take more, or less.</summary>
    internal void AddPending(Account account, long more)
    {
        account.Pending += more;
        Pending += more;
    }

    internal void Apply(AccountChanges changes)
    {
        foreach (ref readonly AccountChange change in changes.All)
        {
            Account account = Of(change.Domain);
            account.Nodes += change.Nodes;
            account.Memory += change.Memory;
            account.Mentions += change.Mentions;
            Memory += change.Memory;
            Nodes += change.Nodes;
        }
    }
}
