using System;

namespace Microkernel.Core.Domains;

/// <summary>
/// What the boot manifest may allow a domain beyond its own affairs. Sealed at start: nothing gives a domain a privilege later, and a guest
/// has none.
/// </summary>
[Flags]
public enum Privilege
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Builds and destroys domains, and decides how much memory they have. Writes a domain's memory until that first runs; never reads it.</summary>
    Build = 1 << 0,

    /// <summary>Pauses, unpauses and shuts down guests, and sets how the vCPUs of all domains share the CPUs.</summary>
    Control = 1 << 1,

    /// <summary>Reads what the core knows of the host and of all domains.</summary>
    Info = 1 << 2,

    /// <summary>Reads and clears the core's log.</summary>
    Log = 1 << 3,

    /// <summary>Hears of domains that end or are gone (VIRQ_DOM_EXC).</summary>
    Events = 1 << 4,

    /// <summary>Hears the operator's doorbell, which is input on the second serial port (VIRQ_CONSOLE).</summary>
    Doorbell = 1 << 5,
}
