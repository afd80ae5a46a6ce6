namespace Microkernel.XenStore;

/// <summary>What a domain has.</summary>
public sealed class Account
{
    internal Account(int domain, QuotaSet quotas)
    {
        Domain = domain;
        Quotas = quotas;
    }

    /// <summary>Which domain.</summary>
    public int Domain { get; }

    /// <summary>Nodes that it owns.</summary>
    public int Nodes { get; internal set; }

    /// <summary>About how many bytes they take.</summary>
    public long Memory { get; internal set; }

    /// <summary>Entries about it in the permissions of nodes that others own.</summary>
    public int Mentions { get; internal set; }

    /// <summary>Its watches.</summary>
    public int Watches { get; internal set; }

    /// <summary>Its open transactions.</summary>
    public int Transactions { get; internal set; }

    /// <summary>About how many bytes its watches and open transactions take.</summary>
    public long Pending { get; internal set; }

    /// <summary>What it may have; shared with others until it gets quotas of its own.</summary>
    public QuotaSet Quotas { get; internal set; }

    /// <summary>Whether nothing depends on this account.</summary>
    internal bool IsUnused => Nodes == 0 && Mentions == 0 && Watches == 0 && Transactions == 0 && Pending == 0;
}
