namespace Microkernel.Xen;

/// <summary>Why a domain ended (SHUTDOWN_* of sched.h).</summary>
public static class ShutdownReason
{
    /// <summary>It powered itself off.</summary>
    public const uint PowerOff = 0;

    /// <summary>It asks to be started again.</summary>
    public const uint Reboot = 1;

    /// <summary>It was suspended.</summary>
    public const uint Suspend = 2;

    /// <summary>It crashed.</summary>
    public const uint Crash = 3;

    /// <summary>Its watchdog was not petted.</summary>
    public const uint Watchdog = 4;
}
