using System;
using System.Linq;

namespace Microkernel.Services.Scheduler.Simulation;

/// <summary>Counts times in classes that are an eighth of an octave wide.</summary>
public sealed class Latencies
{
    private const int PerOctave = 8;

    private readonly uint[] _counts = new uint[64 * PerOctave];

    /// <summary>How many there are.</summary>
    public long Count => _counts.Sum(static c => (long)c);

    /// <summary>The longest.</summary>
    public ulong Worst { get; private set; }

    /// <summary>Counts one, in ns.</summary>
    public void Add(ulong ns)
    {
        _counts[ns == 0 ? 0 : (int)(Math.Log2(ns) * PerOctave)]++;
        Worst = Math.Max(Worst, ns);
    }

    /// <summary>The time that a part of them does not exceed, in ns.</summary>
    public double Percentile(double part)
    {
        double left = Count * part;
        for (int i = 0; i < _counts.Length; i++)
        {
            left -= _counts[i];
            if (left <= 0)
                return Math.Pow(2, (i + 1.0) / PerOctave);
        }

        return Worst;
    }
}
