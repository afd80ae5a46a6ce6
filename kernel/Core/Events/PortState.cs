namespace Microkernel.Core.Events;

/// <summary>What an event channel port is.</summary>
public enum PortState : byte
{
    /// <summary>Nothing.</summary>
    Free,

    /// <summary>Never given out (port 0).</summary>
    Reserved,

    /// <summary>Waits for a domain to bind to it.</summary>
    Unbound,

    /// <summary>Connected to a port of a domain.</summary>
    Interdomain,

    /// <summary>A virtual interrupt.</summary>
    Virq,

    /// <summary>From the domain to one of its vCPUs.</summary>
    Ipi,

    /// <summary>Connected to a back end in the core.</summary>
    Core,
}
