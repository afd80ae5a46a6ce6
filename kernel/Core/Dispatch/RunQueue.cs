using System.Runtime.CompilerServices;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Dispatch;

/// <summary>The runnable vCPUs of one CPU, least virtual time first: a binary heap, O(log n). Guarded by its CPU's lock.</summary>
public sealed class RunQueue
{
    private readonly Vcpu?[] _heap;
    private int _count;

    /// <summary>Room for <paramref name="capacity"/> vCPUs: all there are. Only during start-up: it allocates.</summary>
    public RunQueue(int capacity) => _heap = new Vcpu?[capacity];

    /// <summary>How many wait.</summary>
    public int Count => _count;

    /// <summary>The one that runs next, or null.</summary>
    public Vcpu? First => _heap[0];

    /// <summary>Adds a vCPU that is in no queue.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vcpu vcpu)
    {
        int at = _count++;
        Place(vcpu, at);
        if (at > 0)
            SiftUp(at);
    }

    /// <summary>Takes the one that runs next, or null.</summary>
    public Vcpu? Take()
    {
        Vcpu? first = _heap[0];
        if (first != null)
            Remove(first);

        return first;
    }

    /// <summary>Takes <paramref name="vcpu"/> out; it must be in this queue.</summary>
    public void Remove(Vcpu vcpu)
    {
        int at = vcpu.Scheduling.HeapIndex;
        vcpu.Scheduling.HeapIndex = -1;
        Vcpu last = _heap[--_count]!;
        _heap[_count] = null;
        if (last == vcpu)
            return;

        Place(last, at);
        SiftUp(at);
        SiftDown(last.Scheduling.HeapIndex);
    }

    private void SiftUp(int at)
    {
        while (at > 0 && Precedes(_heap[at]!, _heap[(at - 1) / 2]!))
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
                least = Precedes(_heap[child]!, _heap[least]!) ? child : least;

            if (least == at)
                return;

            Swap(at, least);
            at = least;
        }
    }

    private static bool Precedes(Vcpu a, Vcpu b) => a.Scheduling.VirtualTime < b.Scheduling.VirtualTime;

    private void Swap(int a, int b)
    {
        Vcpu moved = _heap[a]!;
        Place(_heap[b]!, a);
        Place(moved, b);
    }

    private void Place(Vcpu vcpu, int at)
    {
        _heap[at] = vcpu;
        vcpu.Scheduling.HeapIndex = at;
    }
}
