using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Events;

/// <summary>
/// How a guest sees its pending events: the 2-level or the FIFO ABI. The words are shared with the guest, which may write anything at
/// any time. Every method is called with the domain's event lock held.
/// </summary>
public abstract class EventDelivery
{
    /// <summary>Ports that the guest can have: 0 to this number - 1.</summary>
    public uint MaxPorts { get; protected set; }

    /// <summary>Makes an event pending on <paramref name="port"/> and tells <paramref name="vcpu"/>, unless it is masked.</summary>
    public abstract void SetPending(Vcpu vcpu, uint port, ref PortRecord record);

    /// <summary>Forgets an event that the guest has not seen.</summary>
    public abstract void ClearPending(uint port);

    /// <summary>An event is pending.</summary>
    public abstract bool IsPending(uint port);

    /// <summary>The guest has not finished with the port's last event: a closed port must not be given out again yet.</summary>
    public virtual bool IsBusy(uint port) => false;

    /// <summary>Unmasks the port and tells <paramref name="vcpu"/> if an event is pending.</summary>
    public abstract void Unmask(Vcpu vcpu, uint port, ref PortRecord record);
}
