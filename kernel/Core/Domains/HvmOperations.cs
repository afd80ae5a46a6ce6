using Microkernel.Core.Hypercalls;

namespace Microkernel.Core.Domains;

public static class HvmOperations
{
    public static readonly SubOperation[] Table = [];
}
