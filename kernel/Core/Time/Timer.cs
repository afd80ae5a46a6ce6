using Microkernel.Core.Dispatch;

namespace Microkernel.Core.Time;

/// <summary>Something that happens at a time. It is in at most one CPU's queue.</summary>
public abstract class Timer : HeapNode
{
    /// <summary>When, TSC of the host.</summary>
    public ulong Deadline => Key;

    /// <summary>The queue it is in, or null.</summary>
    internal TimerQueue? Queue { get; set; }

    /// <summary>True until it has fired or was cancelled.</summary>
    public bool IsArmed => Queue != null;

    /// <summary>The time has come. Called without locks on the CPU where it was armed; it may arm itself again.</summary>
    protected internal abstract void Fire();
}
