
namespace Microkernel.Core.Domains;

/// <summary>What the boot manifest says of a domain. Read once at start and never changed.</summary>
public sealed class DomainConfig
{
    /// <summary>Unique name, ASCII.</summary>
    public byte[] Name = [];

    /// <summary>Index of the boot module with the kernel.</summary>
    public int KernelModule = -1;

    /// <summary>Index of the boot module with the initial RAM disk; -1 for none.</summary>
    public int RamdiskModule = -1;

    /// <summary>The kernel's command line, without terminator.</summary>
    public byte[] CommandLine = [];

    /// <summary>Guest memory in frames.</summary>
    public long MemoryFrames;

    /// <summary>Virtual CPUs.</summary>
    public int VcpuCount = 1;

    /// <summary>What follows a power-off.</summary>
    public EndAction OnPoweroff = EndAction.Destroy;

    /// <summary>What follows a reboot.</summary>
    public EndAction OnReboot = EndAction.Restart;

    /// <summary>What follows a crash, also one that the watchdog found.</summary>
    public EndAction OnCrash = EndAction.Destroy;

    /// <summary>The domain may use version 2 grant tables.</summary>
    public bool GrantV2;

    /// <summary>What it may do beyond its own affairs.</summary>
    public Privilege Privileges;

    /// <summary>The action for an end of the given kind.</summary>
    public EndAction ActionFor(ShutdownReason reason) => reason switch
    {
        ShutdownReason.Poweroff => OnPoweroff,
        ShutdownReason.Reboot => OnReboot,
        ShutdownReason.Suspend => EndAction.Preserve,
        _ => OnCrash,
    };
}
