using System.Threading;
using Microkernel.Core.Dispatch;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Time;

/// <summary>The timers of one CPU, earliest first.</summary>
public sealed class TimerQueue
{
    private readonly Machine _machine;
    private readonly TicketLock _lock = new();
    private Heap _heap = new(1);
    private bool _hasChanged;

    /// <summary>An empty queue.</summary>
    public TimerQueue(Machine machine) => _machine = machine;

    /// <summary>Makes room for all timers there are. Only during start-up: it allocates.</summary>
    public void Reserve(int capacity) => _heap = new Heap(capacity);

    /// <summary>The earliest deadline may be another one than the timer is programmed for. Cleared by the queue's CPU.</summary>
    public bool HasChanged
    {
        get => Volatile.Read(ref _hasChanged);
        set => Volatile.Write(ref _hasChanged, value);
    }

    /// <summary>The earliest deadline; <see cref="ulong.MaxValue"/> if there is none.</summary>
    public ulong NextDeadline => _heap.First?.Key ?? ulong.MaxValue;

    /// <summary>
    /// Arms <paramref name="timer"/> here for <paramref name="deadline"/> (TSC), wherever it was armed before. Only on this queue's own CPU,
    /// which looks at the queue again before it enters a guest or idles.
    /// </summary>
    public void Arm(Timer timer, ulong deadline)
    {
        Cancel(timer);
        _lock.Enter();
        timer.Key = deadline;
        timer.Queue = this;
        _heap.Add(timer);
        _lock.Exit();
        HasChanged = true;
    }

    /// <summary>Disarms a timer wherever it is armed; nothing happens if it is not. Callers serialise calls for one timer.</summary>
    public static void Cancel(Timer timer)
    {
        TimerQueue? queue = timer.Queue;
        if (queue == null)
            return;

        // It may have fired between the look and the lock.
        queue._lock.Enter();
        if (timer.Queue == queue)
            queue.Remove(timer);

        queue._lock.Exit();
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
            if (_heap.First is not Timer first || first.Key > _machine.ReadTsc())
                return null;

            Remove(first);
            return first;
        }
    }

    private void Remove(Timer timer)
    {
        _heap.Remove(timer);
        timer.Queue = null;
    }
}
