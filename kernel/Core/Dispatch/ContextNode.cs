namespace Microkernel.Core.Dispatch;

/// <summary>A place of a scheduling context in a heap.</summary>
internal sealed class ContextNode(SchedulingContext context) : HeapNode
{
    /// <summary>Whose it is.</summary>
    internal SchedulingContext Context { get; } = context;
}
