using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Time;

public sealed class VcpuTimers(Vcpu vcpu)
{
    public const int PerVcpu = 4;

    public Vcpu Vcpu { get; } = vcpu;

    public void Reset()
    {
    }
}
