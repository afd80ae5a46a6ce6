using System.Threading;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Time;

/// <summary>The timers of one CPU, earliest first: a binary heap, O(log n).</summary>
public sealed class TimerQueue
{
    private readonly Machine _machine;
    private readonly TicketLock _lock = new();
    private Timer?[] _heap = new Timer?[1];
    private int _count;
    private bool _hasChanged;

    /// <summary>An empty queue.</summary>
    public TimerQueue(Machine machine) => _machine = machine;

    /// <summary>Makes room for all timers there are. Only during start-up: it allocates.</summary>
    public void Reserve(int capacity) => _heap = new Timer?[capacity];

    /// <summary>The earliest deadline may be another one than the timer is programmed for. Cleared by the queue's CPU.</summary>
    public bool HasChanged
    {
        get => Volatile.Read(ref _hasChanged);
        set => Volatile.Write(ref _hasChanged, value);
    }

    /// <summary>The earliest deadline; <see cref="ulong.MaxValue"/> if there is none.</summary>
    public ulong NextDeadline => Volatile.Read(ref _heap[0])?.Deadline ?? ulong.MaxValue;

    /// <summary>
    /// Arms <paramref name="timer"/> here for <paramref name="deadline"/> (TSC), wherever it was armed before. Only on this queue's own CPU,
    /// which looks at the queue again before it enters a guest or idles.
    /// </summary>
    public void Arm(Timer timer, ulong deadline)
    {
        Cancel(timer);
        using (_lock.Hold())
        {
            timer.Deadline = deadline;
            timer.Queue = this;
            Place(timer, _count++);
            SiftUp(timer.HeapIndex);
        }

        HasChanged = true;
    }

    /// <summary>Disarms a timer wherever it is armed; nothing happens if it is not. Callers serialise calls for one timer.</summary>
    public static void Cancel(Timer timer)
    {
        TimerQueue? queue = timer.Queue;
        if (queue == null)
            return;

        using (queue._lock.Hold())
        {
            // It may have fired between the look and the lock.
            if (timer.Queue == queue)
                queue.Remove(timer);
        }
    }

    /// <summary>Fires every timer whose time has come.</summary>
    public void Expire()
    {
        while (NextDeadline <= _machine.ReadTsc())
            TakeFirst()?.Fire();
    }

    private Timer? TakeFirst()
    {
        using (_lock.Hold())
        {
            Timer? first = _heap[0];
            if (first == null || first.Deadline > _machine.ReadTsc())
                return null;

            Remove(first);
            return first;
        }
    }

    private void Remove(Timer timer)
    {
        int at = timer.HeapIndex;
        timer.HeapIndex = -1;
        timer.Queue = null;
        Timer last = _heap[--_count]!;
        _heap[_count] = null;
        if (last == timer)
            return;

        Place(last, at);
        SiftUp(at);
        SiftDown(last.HeapIndex);
    }

    private void SiftUp(int at)
    {
        while (at > 0 && _heap[at]!.Deadline < _heap[(at - 1) / 2]!.Deadline)
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
                least = _heap[child]!.Deadline < _heap[least]!.Deadline ? child : least;

            if (least == at)
                return;

            Swap(at, least);
            at = least;
        }
    }

    private void Swap(int a, int b)
    {
        Timer moved = _heap[a]!;
        Place(_heap[b]!, a);
        Place(moved, b);
    }

    private void Place(Timer timer, int at)
    {
        _heap[at] = timer;
        timer.HeapIndex = at;
    }
}
