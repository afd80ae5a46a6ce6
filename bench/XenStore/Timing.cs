using System;
using System.Diagnostics;
using System.Linq;

namespace Microkernel.XenStore.Bench;

/// <summary>Counts operations.</summary>
internal static class Timing
{
    /// <summary>Many short turns: other work on the machine disturbs the caches in most of them, not in the best.</summary>
    internal const int Turns = 25;
    private const int LeastCount = 100;
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(80);

    /// <summary>Operations a second of the CPU's time: the best of some turns.</summary>
    internal static double Best(CpuTime time, Action operation) => Enumerable.Range(0, Turns).Max(_ => Rate(time, operation));

    /// <summary>The same of one turn.</summary>
    internal static double Rate(CpuTime time, Action operation)
    {
        double begun = time.Now;
        long start = Stopwatch.GetTimestamp();
        int count = 0;
        for (; count < LeastCount || Stopwatch.GetElapsedTime(start) < Turn; count++)
            operation();
        return count / (time.Now - begun);
    }
}
