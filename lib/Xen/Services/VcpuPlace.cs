namespace Microkernel.Xen;

/// <summary>What a vCPU does at the moment; the numbers are the core's.</summary>
public enum VcpuPlace
{
    /// <summary>It runs.</summary>
    Running = 1,

    /// <summary>It could run.</summary>
    Ready = 2,

    /// <summary>It waits for an event.</summary>
    Blocked = 3,

    /// <summary>It is not started, or its domain is paused or has ended.</summary>
    Offline = 4,
}
