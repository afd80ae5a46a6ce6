namespace Microkernel.Core.Time;

/// <summary>RUNSTATE_* of xen/vcpu.h.</summary>
public enum RunstateKind
{
    Running = 0,
    Runnable = 1,
    Blocked = 2,
    Offline = 3,
}
