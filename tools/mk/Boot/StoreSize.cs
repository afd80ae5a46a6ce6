using System;

namespace Mk.Boot;

/// <summary>How much XenStore's domain is given, which says how many nodes the store can have (docs/xenstore.md).</summary>
/// <param name="MemoryMiB">Memory of the domain, in MiB.</param>
/// <param name="KeptMiB">Memory that its next incarnation gets back, in MiB: its journal.</param>
public sealed record StoreSize(long MemoryMiB, long KeptMiB)
{
    /// <summary>The most nodes: the core keeps 1024 MiB for an entry at most.</summary>
    public const int MostNodes = 1_400_000;

    private const long MiB = 1 << 20;

    // What a node with a short value counts, and the part of half of the journal that nodes may fill.
    private const long BytesOfNode = 256;
    private const double PartForNodes = 0.7;

    // A node's objects, and as much again for what a change and a collection of garbage need.
    private const long HeapOfNode = 768;

    /// <summary>Room for some 10,000 nodes, which is plenty for all guests that such a host can have.</summary>
    public static StoreSize Usual { get; } = new(96, 8);

    /// <summary>More than <see cref="Usual"/>, in MiB.</summary>
    public long ExtraMiB => MemoryMiB - Usual.MemoryMiB + KeptMiB - Usual.KeptMiB;

    /// <summary>Room for so many nodes, and not less than usual.</summary>
    public static StoreSize For(int nodes)
    {
        long kept = Math.Max(Usual.KeptMiB, (long)Math.Ceiling(nodes * BytesOfNode / PartForNodes * 2 / MiB));
        // While the program maps its journal, its kernel gives up as much of its own memory.
        long more = kept > Usual.KeptMiB ? kept + (nodes * HeapOfNode / MiB) : 0;
        return new StoreSize(Usual.MemoryMiB + more, kept);
    }
}
