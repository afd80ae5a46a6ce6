using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Time;

/// <summary>The time-out of SCHEDOP_poll.</summary>
public sealed class PollTimeout(Vcpu vcpu) : Timer
{
    /// <inheritdoc/>
    protected internal override void Fire() => vcpu.Post(PendingWork.Wake);
}
