namespace Microkernel.XenStore;

/// <summary>Hears of every change of the store's state, so that it can be recorded. This one forgets it.</summary>
public class StoreLog
{
    /// <summary>Records nothing.</summary>
    public static readonly StoreLog None = new();

    /// <summary>The tree changed.</summary>
    public virtual void Changed(in Change change, ulong generation)
    {
    }

    /// <summary>A quota was set; for everybody if the domain is negative.</summary>
    public virtual void QuotaSet(int domain, Quota quota, uint value)
    {
    }

    /// <summary>A domain's own quotas are forgotten.</summary>
    public virtual void QuotasReleased(int domain)
    {
    }
}
