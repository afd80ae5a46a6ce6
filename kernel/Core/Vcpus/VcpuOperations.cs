using Microkernel.Core.Hypercalls;

namespace Microkernel.Core.Vcpus;

public static class VcpuOperations
{
    public static readonly SubOperation[] Table = [];
}
