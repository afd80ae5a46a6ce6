using System;

namespace Microkernel.Xen;

/// <summary>What the manifest allows a service; the numbers are the core's (kernel/Core/Domains/Privilege.cs).</summary>
[Flags]
public enum ServicePrivileges
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Builds and destroys domains.</summary>
    Build = 1 << 0,

    /// <summary>Pauses, unpauses, shuts down domains; decides how their vCPUs share the CPUs.</summary>
    Control = 1 << 1,

    /// <summary>Reads what the core knows of the host and of all domains.</summary>
    Info = 1 << 2,

    /// <summary>Reads and clears the core's log.</summary>
    Log = 1 << 3,

    /// <summary>Hears of domains that end (<see cref="VirtualInterrupt.DomainException"/>).</summary>
    Events = 1 << 4,

    /// <summary>Hears the operator's doorbell (<see cref="VirtualInterrupt.Console"/>).</summary>
    Doorbell = 1 << 5,
}
