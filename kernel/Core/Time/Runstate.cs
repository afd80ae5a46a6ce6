using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Time;

public sealed class Runstate(Vcpu vcpu)
{
    public Vcpu Vcpu { get; } = vcpu;

    public void Enter(RunstateKind kind)
    {
    }

    public void Publish()
    {
    }

    public void Reset()
    {
    }
}
