using Microkernel.Core.Hypercalls;

namespace Microkernel.Core.Dispatch;

public static class SchedulingOperations
{
    public static readonly SubOperation[] Table = [];
}
