namespace Microkernel.Rings;

/// <summary>
/// The memory between the operator's host and the toolstack: the rendezvous and a ring, whose first side is the toolstack, and
/// after them what is the toolstack's alone.
/// </summary>
public static class OperatorLayout
{
    /// <summary>The bytes of the ring's two queues.</summary>
    public const int QueuesSize = 8 << 20;

    /// <summary>Where the toolstack's own part begins; what lies before it is the ring's memory.</summary>
    public const int StoreAt = RendezvousLayout.Size + QueuesSize;
}
