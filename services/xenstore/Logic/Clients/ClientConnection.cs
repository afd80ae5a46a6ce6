namespace Microkernel.XenStore;

/// <summary>What carries a client's messages.</summary>
public abstract class ClientConnection
{
    /// <summary>Everything is recorded that the waiting messages tell of: they may go, as far as there is room.</summary>
    public abstract void Flush();

    /// <summary>Where the connection is, to be recorded with what happened.</summary>
    public virtual ConnectionProgress Progress => default;
}
