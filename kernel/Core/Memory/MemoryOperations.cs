using Microkernel.Core.Hypercalls;

namespace Microkernel.Core.Memory;

public static class MemoryOperations
{
    public static readonly SubOperation[] Table = [];
}
