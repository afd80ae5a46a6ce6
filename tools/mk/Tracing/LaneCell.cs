using System.Collections.Generic;
using System.Linq;

namespace Mk.Tracing;

/// <summary>Neighbouring items of a lane that are drawn together, with the time of each kind.</summary>
internal sealed class LaneCell
{
    /// <summary>A cell is drawn as if it were of one kind when that has so much of its time.</summary>
    private const double NearlyAll = 0.98;

    private readonly Dictionary<int, long> _times = [];

    internal LaneCell(LaneItem first, bool isThin)
    {
        (Start, End, Count, IsThin, Cpu) = (first.Start, first.End, 1, isThin, first.Cpu);
        _times[first.Kind] = first.End - first.Start;
    }

    internal long Start { get; }

    internal long End { get; private set; }

    /// <summary>How many items it has.</summary>
    internal int Count { get; private set; }

    /// <summary>Each of its items would be too thin to be seen well.</summary>
    internal bool IsThin { get; private set; }

    /// <summary>The CPU of its first item.</summary>
    internal uint Cpu { get; }

    internal long Length => End - Start;

    /// <summary>The time of each kind, that with the most first. What is left of the cell is nobody's.</summary>
    internal IEnumerable<(int Kind, long Time)> Times => _times.Select(static t => (t.Key, t.Value)).OrderByDescending(static t => t.Value).ThenBy(static t => t.Key);

    /// <summary>The kind that it is drawn as; null if it is a mixture.</summary>
    internal int? Only => Times.First() is var most && most.Time >= Length * NearlyAll ? most.Kind : null;

    /// <summary>What it would be drawn as with one more.</summary>
    internal int? OnlyWith(LaneItem item)
    {
        (int Kind, long Time) most = _times.Select(t => (t.Key, t.Value + (t.Key == item.Kind ? item.End - item.Start : 0))).MaxBy(static t => t.Item2);
        return most.Time >= (item.End - Start) * NearlyAll ? most.Kind : null;
    }

    internal void Add(LaneItem item, bool isThin)
    {
        End = item.End;
        Count++;
        IsThin &= isThin;
        _times[item.Kind] = _times.GetValueOrDefault(item.Kind) + item.End - item.Start;
    }
}
