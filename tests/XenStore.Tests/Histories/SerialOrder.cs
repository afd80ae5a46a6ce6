using System.Collections.Generic;
using System.Linq;

namespace Microkernel.XenStore.Tests.Histories;

/// <summary>
/// Looks for a serial order of transactions in which each would have seen what it saw. Nothing is known but what clients saw: no two
/// transactions leave the same value in an item, and whoever writes has read, so that each item's values have one order; who read a value
/// comes after the one that wrote it and before the one that replaced it. There is a serial order if these go in no circle.
/// </summary>
internal sealed class SerialOrder
{
    private readonly IReadOnlyList<SeenTransaction> _history;
    private readonly Dictionary<(string Item, string Value), int> _writers = [];
    private readonly Dictionary<(string Item, string Value), int> _replacers = [];
    private readonly HashSet<int>[] _after;

    private SerialOrder(IReadOnlyList<SeenTransaction> history)
    {
        _history = history;
        _after = [.. history.Select(static _ => new HashSet<int>())];
    }

    /// <summary>Why there is no such order; null if there is one.</summary>
    /// <param name="history">The committed transactions, in any order.</param>
    /// <param name="initial">What was in every item before.</param>
    internal static string? FindFault(IReadOnlyList<SeenTransaction> history, string initial = "")
    {
        var order = new SerialOrder(history);
        return order.NoteWrites() ?? order.NoteReads(initial) ?? order.FindCircle();
    }

    private string? NoteWrites()
    {
        for (int i = 0; i < _history.Count; i++)
        {
            foreach ((string item, string value) in _history[i].Writes)
            {
                if (!_writers.TryAdd((item, value), i))
                    return $"{Name(i)} and {Name(_writers[(item, value)])} have both written {value} to {item}";
                if (!_replacers.TryAdd((item, _history[i].Reads[item]), i))
                    return $"{Name(i)} and {Name(_replacers[(item, _history[i].Reads[item])])} have both replaced the same value of {item}: one is lost";
            }
        }
        return null;
    }

    private string? NoteReads(string initial)
    {
        for (int i = 0; i < _history.Count; i++)
        {
            foreach ((string item, string value) in _history[i].Reads)
            {
                if (_writers.TryGetValue((item, value), out int writer))
                    _after[writer].Add(i);
                else if (value != initial)
                    return $"{Name(i)} has read {value} of {item}, which nobody has committed";
                if (_replacers.TryGetValue((item, value), out int replacer) && replacer != i)
                    _after[i].Add(replacer);
            }
        }
        return null;
    }

    /// <summary>Takes away who comes after nobody that is left, until nobody is left.</summary>
    private string? FindCircle()
    {
        int[] before = new int[_history.Count];
        foreach (int later in _after.SelectMany(static a => a))
            before[later]++;
        var free = new Queue<int>(Enumerable.Range(0, before.Length).Where(i => before[i] == 0));
        int taken = 0;
        for (; free.TryDequeue(out int next); taken++)
        {
            foreach (int later in _after[next])
            {
                if (--before[later] == 0)
                    free.Enqueue(later);
            }
        }
        return taken == before.Length ? null : "each comes after another: " + string.Join(", ", Enumerable.Range(0, before.Length).Where(i => before[i] > 0).Take(10).Select(Name));
    }

    private string Name(int transaction) => _history[transaction].Name;
}
