using System.Runtime.CompilerServices;
using System.Threading;

namespace Microkernel.Core.Dispatch;

/// <summary>A binary heap, O(log n), of nodes that know their place in it. Callers serialise changes.</summary>
public sealed class Heap
{
    private readonly Entry[] _entries;
    private int _count;

    /// <summary>Room for <paramref name="capacity"/> nodes: all there are. Only during start-up: it allocates.</summary>
    public Heap(int capacity) => _entries = new Entry[capacity];

    /// <summary>How many are in it.</summary>
    public int Count => _count;

    /// <summary>The one that comes first, or null. Who does not hold the heap's lock gets what was so a moment ago.</summary>
    public HeapNode? First => Volatile.Read(ref _entries[0].Node);

    /// <summary>Adds a node that is in no heap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(HeapNode node)
    {
        int at = _count++;
        Place(node, at);
        if (at > 0)
            SiftUp(at);
    }

    /// <summary>Takes <paramref name="node"/> out; it must be in this heap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Remove(HeapNode node)
    {
        HeapNode last = _entries[--_count].Node!;
        _entries[_count].Node = null;
        if (last != node)
            Replace(node, last);

        node.HeapIndex = -1;
    }

    private void Replace(HeapNode node, HeapNode last)
    {
        int at = node.HeapIndex;
        Place(last, at);
        SiftUp(at);
        SiftDown(last.HeapIndex);
    }

    private void SiftUp(int at)
    {
        while (at > 0 && _entries[at].Node!.Precedes(_entries[(at - 1) / 2].Node!))
        {
            Swap(at, (at - 1) / 2);
            at = (at - 1) / 2;
        }
    }

    private void SiftDown(int at)
    {
        while (true)
        {
            int least = at;
            for (int child = (2 * at) + 1; child <= (2 * at) + 2 && child < _count; child++)
                least = _entries[child].Node!.Precedes(_entries[least].Node!) ? child : least;

            if (least == at)
                return;

            Swap(at, least);
            at = least;
        }
    }

    private void Swap(int a, int b)
    {
        HeapNode moved = _entries[a].Node!;
        Place(_entries[b].Node!, a);
        Place(moved, b);
    }

    private void Place(HeapNode node, int at)
    {
        _entries[at].Node = node;
        node.HeapIndex = at;
    }

    // Wrapped, so that storing one needs no check of the array's type.
    private struct Entry
    {
        public HeapNode? Node;
    }
}
