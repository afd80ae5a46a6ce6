namespace Microkernel.XenStore;

/// <summary>Connects domains' rings. This one has no domains.</summary>
public class DomainHost
{
    /// <summary>Begins to serve a domain's ring, or begins again.</summary>
    /// <returns>False if there is none.</returns>
    public virtual bool Connect(Domain domain) => false;

    /// <summary>Ends it.</summary>
    public virtual void Disconnect(Domain domain)
    {
    }
}
