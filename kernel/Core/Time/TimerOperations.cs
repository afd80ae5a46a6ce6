using Microkernel.Core.Hypercalls;

namespace Microkernel.Core.Time;

public static class TimerOperations
{
    public static long SetTimer(ref HypercallCall call) => Abi.XenError.ENOSYS;
}
