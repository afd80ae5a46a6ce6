namespace Microkernel.Core.Domains;

/// <summary>Why a domain ended: SHUTDOWN_* of xen/sched.h.</summary>
public enum ShutdownReason
{
    Poweroff = 0,
    Reboot = 1,
    Suspend = 2,
    Crash = 3,
    Watchdog = 4,
    SoftReset = 5,

    /// <summary>Not a reason of Xen's: it was destroyed from outside.</summary>
    Destroyed = 255,
}
