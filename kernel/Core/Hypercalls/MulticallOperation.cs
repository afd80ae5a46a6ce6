namespace Microkernel.Core.Hypercalls;

public static class MulticallOperation
{
    public static long Run(ref HypercallCall call) => Abi.XenError.ENOSYS;
}
