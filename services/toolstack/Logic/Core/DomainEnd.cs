namespace Microkernel.Services.Toolstack.Core;

/// <summary>Why a domain ended: SHUTDOWN_* of Xen's sched.h.</summary>
public enum DomainEnd
{
    /// <summary>It powered itself off.</summary>
    PowerOff = 0,

    /// <summary>It wants to start again.</summary>
    Reboot = 1,

    /// <summary>It wants to be saved.</summary>
    Suspend = 2,

    /// <summary>It crashed.</summary>
    Crash = 3,

    /// <summary>It did not reset its watchdog in time.</summary>
    Watchdog = 4,

    /// <summary>It wants to start again in its own memory.</summary>
    SoftReset = 5,
}
