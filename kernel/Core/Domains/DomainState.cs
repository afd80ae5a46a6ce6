namespace Microkernel.Core.Domains;

/// <summary>The life of a domain slot.</summary>
public enum DomainState
{
    /// <summary>No domain lives here.</summary>
    Empty,

    /// <summary>Memory is being given and images copied; no vCPU runs.</summary>
    Building,

    /// <summary>Made by domctl and not started yet: who may build writes its memory.</summary>
    Created,

    /// <summary>Its vCPUs may run.</summary>
    Running,

    /// <summary>It has ended: no vCPU will run again; it waits for its end action.</summary>
    ShutDown,

    /// <summary>What it holds is being taken back.</summary>
    Dying,
}
