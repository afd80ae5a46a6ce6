namespace Microkernel.Core.Dispatch;

/// <summary>What a <see cref="Heap"/> orders: it is in one heap at most.</summary>
public abstract class HeapNode
{
    /// <summary>The lower one comes first.</summary>
    internal int Rank { get; set; }

    /// <summary>Among equal ranks the lower one comes first. Not to be changed while it is in a heap.</summary>
    internal ulong Key { get; set; }

    /// <summary>Its position; -1 while it is in no heap.</summary>
    internal int HeapIndex { get; set; } = -1;

    /// <summary>It comes before <paramref name="other"/>.</summary>
    public bool Precedes(HeapNode other) => Rank != other.Rank ? Rank < other.Rank : Key < other.Key;
}
