using System.Collections.Generic;

namespace Microkernel.XenStore;

/// <summary>Records everything that must survive. This one forgets it.</summary>
public class Recorder : StoreLog
{
    /// <summary>A domain's watch came.</summary>
    public virtual void WatchAdded(Client client, Watch watch)
    {
    }

    /// <summary>A domain's watch went.</summary>
    public virtual void WatchRemoved(Client client, Watch watch)
    {
    }

    /// <summary>All of a domain's watches went.</summary>
    public virtual void WatchesReset(Client client)
    {
    }

    /// <summary>Events for a domain were dropped, or that was made up for.</summary>
    public virtual void LostChanged(Client client)
    {
    }

    /// <summary>A domain came or changed.</summary>
    public virtual void DomainChanged(Domain domain)
    {
    }

    /// <summary>A domain is gone.</summary>
    public virtual void DomainReleased(Domain domain)
    {
    }

    /// <summary>What has happened since the last time is complete: from now on it survives.</summary>
    /// <param name="touched">The clients to which something happened.</param>
    public virtual void Commit(List<Client> touched)
    {
    }
}
