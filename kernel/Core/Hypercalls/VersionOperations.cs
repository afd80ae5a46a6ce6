namespace Microkernel.Core.Hypercalls;

public static class VersionOperations
{
    public static readonly SubOperation[] Table = [];
}
