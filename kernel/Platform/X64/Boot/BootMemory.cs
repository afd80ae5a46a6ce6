using System;

namespace Microkernel.Platform.Boot;

/// <summary>
/// The machine's memory during start-up: frames are taken in ascending order and never given back; what is left at the
/// end goes to the domains.
/// </summary>
internal sealed class BootMemory
{
    private readonly PhysicalRange[] _free;
    private int _count;
    private int _current;
    private ulong _next;

    /// <summary>Starts with all usable ranges but for the reserved ones.</summary>
    public BootMemory(ReadOnlySpan<PhysicalRange> usable, ReadOnlySpan<PhysicalRange> reserved)
    {
        // Taking a range out of the middle of another leaves one more.
        _free = new PhysicalRange[usable.Length + reserved.Length];
        foreach (PhysicalRange range in usable)
        {
            Insert(range);
            FrameCount = Math.Max(FrameCount, range.End);
        }

        foreach (PhysicalRange range in reserved)
            Remove(range);

        _next = _count > 0 ? _free[0].First : 0;
    }

    /// <summary>One more than the highest frame of memory.</summary>
    public ulong FrameCount { get; }

    /// <summary>Frames taken so far.</summary>
    public ulong Taken { get; private set; }

    /// <summary>
    /// Takes frames that follow each other and returns the first; their content is unknown. Panics when there are none.
    /// </summary>
    public ulong Take(int count = 1)
    {
        while (_current < _count && _next + (ulong)count > _free[_current].End)
        {
            _current++;
            _next = _current < _count ? _free[_current].First : 0;
        }

        if (_current == _count)
            Environment.FailFast("out of memory during start-up");

        Taken += (ulong)count;
        ulong first = _next;
        _next += (ulong)count;
        return first;
    }

    /// <summary>Number of ranges that may hold free frames.</summary>
    public int RangeCount => _count;

    /// <summary>What is left of a range.</summary>
    public PhysicalRange Remaining(int index) =>
        index < _current ? default
            : index == _current ? new PhysicalRange(_next, _free[index].End)
            : _free[index];

    /// <summary>Ranges are few: keeps them in ascending order.</summary>
    private void Insert(PhysicalRange range)
    {
        int at = _count++;
        for (; at > 0 && _free[at - 1].First > range.First; at--)
            _free[at] = _free[at - 1];

        _free[at] = range;
    }

    private void Remove(PhysicalRange taken)
    {
        for (int i = 0; i < _count; i++)
        {
            PhysicalRange range = _free[i];
            if (taken.First >= range.End || taken.End <= range.First)
                continue;

            _free[i] = new PhysicalRange(range.First, Math.Max(range.First, taken.First));
            if (taken.End < range.End)
                Insert(new PhysicalRange(taken.End, range.End));
        }
    }
}
