namespace Microkernel.Core.Vcpus;

/// <summary>Where a vCPU is, as the dispatcher sees it. Changed only under the run queue lock of its CPU.</summary>
public enum VcpuState
{
    /// <summary>Not started, or taken down (VCPUOP_down, HLT with interrupts off, INIT).</summary>
    Offline,

    /// <summary>Waits for an event.</summary>
    Blocked,

    /// <summary>In a run queue.</summary>
    Runnable,

    /// <summary>On a CPU.</summary>
    Running,

    /// <summary>It could run, but its domain is paused.</summary>
    Paused,
}
