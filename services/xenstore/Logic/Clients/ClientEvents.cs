namespace Microkernel.XenStore;

/// <summary>Hears of what happens to clients, to send and to record it. This one does nothing.</summary>
public class ClientEvents
{
    /// <summary>There is something on its way to a client.</summary>
    public virtual void Touched(Client client)
    {
    }

    /// <summary>A watch came.</summary>
    public virtual void WatchAdded(Client client, Watch watch)
    {
    }

    /// <summary>A watch went.</summary>
    public virtual void WatchRemoved(Client client, Watch watch)
    {
    }

    /// <summary>All watches went.</summary>
    public virtual void WatchesReset(Client client)
    {
    }

    /// <summary>Events were dropped, or that was made up for.</summary>
    public virtual void LostChanged(Client client)
    {
    }

    /// <summary>A domain was introduced or changed.</summary>
    public virtual void DomainChanged(Domain domain)
    {
    }

    /// <summary>A domain is gone.</summary>
    public virtual void DomainReleased(Domain domain)
    {
    }
}
