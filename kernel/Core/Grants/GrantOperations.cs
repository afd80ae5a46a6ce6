using Microkernel.Core.Hypercalls;

namespace Microkernel.Core.Grants;

public static class GrantOperations
{
    public static readonly SubOperation[] Table = [];
}
