namespace Mk.Commands;

/// <summary>How one of many boots went.</summary>
public enum BootVerdict
{
    /// <summary>A shell, a command, and a power-off.</summary>
    Good,

    /// <summary>Anything else.</summary>
    Failed,

    /// <summary>A failure that looks like one that QEMU is known for.</summary>
    QemuSuspect,
}
