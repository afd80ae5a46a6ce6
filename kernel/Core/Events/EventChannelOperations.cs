using Microkernel.Core.Hypercalls;

namespace Microkernel.Core.Events;

public static class EventChannelOperations
{
    public static readonly SubOperation[] Table = [];
}
