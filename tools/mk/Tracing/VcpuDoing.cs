namespace Mk.Tracing;

/// <summary>What a vCPU does while it does not sleep.</summary>
public enum VcpuDoing
{
    /// <summary>It is on a CPU.</summary>
    Running,

    /// <summary>It was woken up, and waits for a CPU.</summary>
    Woken,

    /// <summary>It had to give way, and waits for its next turn.</summary>
    Preempted,
}
