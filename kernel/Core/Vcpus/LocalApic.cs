namespace Microkernel.Core.Vcpus;

public sealed class LocalApic(Vcpu vcpu)
{
    public Vcpu Vcpu { get; } = vcpu;

    public void Post(byte vector)
    {
    }

    public void Reset()
    {
    }
}
