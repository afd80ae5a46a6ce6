namespace Microkernel.Core.Dispatch;

/// <summary>CPU <paramref name="cpu"/>'s table of slots, which come in turn for ever. Guarded by its CPU's lock.</summary>
public sealed class CyclicTable(int cpu)
{
    /// <summary>The most slots.</summary>
    public const int MostSlots = 64;

    private readonly Slot[] _slots = new Slot[MostSlots];
    private int _count;
    private int _current;
    private ulong _length;

    /// <summary>Its CPU.</summary>
    public int Cpu => cpu;

    /// <summary>How many slots it has; with none the CPU goes by the other rules alone.</summary>
    public int Count => _count;

    /// <summary>When the present slot ends.</summary>
    public ulong SlotEnd { get; private set; }

    /// <summary>Whose slot it is, or null.</summary>
    public SchedulingContext? Current => _slots[_current].Context;

    /// <summary>Nobody else runs in the present slot.</summary>
    public bool IsStrict => _slots[_current].IsStrict;

    /// <summary>Whose a slot is, or null.</summary>
    public SchedulingContext? ContextOf(int slot) => _slots[slot].Context;

    /// <summary>Takes all slots out.</summary>
    public void Clear()
    {
        for (int i = 0; i < _count; i++)
        {
            if (_slots[i].Context is { } context)
                context.Table = null;

            _slots[i] = default;
        }

        _count = _current = 0;
        _length = 0;
    }

    /// <summary>Adds a slot after the others; <paramref name="context"/> is null for nobody's. The table starts with <see cref="Start"/>.</summary>
    public void Append(SchedulingContext? context, ulong length, bool isStrict)
    {
        _slots[_count++] = new Slot { Context = context, Length = length, IsStrict = isStrict };
        _length += length;
        if (context != null)
            context.Table = this;
    }

    /// <summary>The first slot begins now.</summary>
    public void Start(ulong now) => SlotEnd = now + _slots[0].Length;

    /// <summary>Goes on to the slot that it is the time of.</summary>
    public void Advance(ulong now)
    {
        if (now >= SlotEnd)
            SlotEnd += (now - SlotEnd) / _length * _length;

        while (now >= SlotEnd)
        {
            _current = _current + 1 < _count ? _current + 1 : 0;
            SlotEnd += _slots[_current].Length;
        }
    }

    /// <summary>Leaves the slots of a context that goes away to nobody.</summary>
    public void Forget(SchedulingContext context)
    {
        for (int i = 0; i < _count; i++)
        {
            if (_slots[i].Context == context)
                _slots[i].Context = null;
        }

        context.Table = null;
    }

    private struct Slot
    {
        public SchedulingContext? Context;
        public ulong Length;
        public bool IsStrict;
    }
}
