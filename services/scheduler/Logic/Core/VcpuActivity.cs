namespace Microkernel.Services.Scheduler;

/// <summary>What a vCPU is doing.</summary>
public enum VcpuActivity
{
    /// <summary>It is on a CPU.</summary>
    Running = 1,

    /// <summary>It waits for a CPU.</summary>
    Ready = 2,

    /// <summary>It waits for an event.</summary>
    Blocked = 3,

    /// <summary>Its domain has not started it, or is paused.</summary>
    Offline = 4,
}
