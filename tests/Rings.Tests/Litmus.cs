using System;
using System.Diagnostics;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace Microkernel.Rings.Tests;

/// <summary>
/// One side of a queue goes to sleep while the other one does what it would have to be woken for, both at as nearly the same
/// moment as two threads can. Nobody really sleeps: what both decided is compared afterwards. Many queues take part one
/// after the other without a fixed step, so that it goes on while one of the threads has no CPU.
/// </summary>
internal sealed class Litmus
{
    private const int Queues = 500;

    private readonly LitmusQueue[] _queues;
    private readonly bool[] _tells = new bool[Queues];
    private readonly bool[] _waits = new bool[Queues];
    private readonly Barrier _barrier = new(2);
    private readonly int[] _at = new int[64];
    private bool _isOver;

    internal Litmus(Func<LitmusQueue> queue) => _queues = [.. Enumerable.Range(0, Queues).Select(_ => queue())];

    internal long Rounds { get; private set; }

    /// <summary>Rounds in which a side went to sleep and nobody would ever have woken it.</summary>
    internal int Lost { get; private set; }

    /// <summary>Runs until a time is over or enough was lost.</summary>
    internal Litmus Run(TimeSpan time, int enough = int.MaxValue)
    {
        Thread[] threads = [new(() => RunTellingSide(time, enough)), new(RunSleepingSide)];
        Array.ForEach(threads, static t => t.Start());
        Array.ForEach(threads, static t => t.Join());
        return this;
    }

    private void RunTellingSide(TimeSpan time, int enough)
    {
        StayOn(cpu: 0);
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < time && Lost < enough; Rounds += Queues)
        {
            Array.Clear(_at);
            _barrier.SignalAndWait();
            RunTellers();
            _barrier.SignalAndWait();
            Lost += Enumerable.Range(0, Queues).Count(i => _waits[i] && !_tells[i]);
            Array.ForEach(_queues, static q => q.StartAgain());
        }

        _isOver = true;
        _barrier.SignalAndWait();
    }

    private void RunSleepingSide()
    {
        StayOn(cpu: 1);
        for (_barrier.SignalAndWait(); !_isOver; _barrier.SignalAndWait())
        {
            RunSleepers();
            _barrier.SignalAndWait();
        }
    }

    /// <summary>Keeps the two threads from taking turns on one CPU. Where these CPUs are not to be had, that is left to luck.</summary>
    private static void StayOn(int cpu)
    {
        ulong mask = 1UL << cpu;
        _ = SetAffinity(0, sizeof(ulong), ref mask);
    }

    [DllImport("libc", EntryPoint = "sched_setaffinity")]
    private static extern int SetAffinity(int thread, nint size, ref ulong mask);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunTellers()
    {
        for (int i = 0; i < Queues; i++)
        {
            Meet(ref _at[0], ref _at[32], i + 1);
            _tells[i] = _queues[i].Tell();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunSleepers()
    {
        for (int i = 0; i < Queues; i++)
        {
            Meet(ref _at[32], ref _at[0], i + 1);
            _waits[i] = _queues[i].MustWait();
        }
    }

    /// <summary>Waits a little for the other thread to come as far, and then for a time of its own.</summary>
    private void Meet(ref int own, ref int other, int place)
    {
        Volatile.Write(ref own, place);
        // At first the other one may be waking up.
        int patience = place == 1 ? 100_000 : 200;
        for (int i = 0; i < patience && Volatile.Read(ref other) < place; i++)
        {
        }

        for (int i = Random.Shared.Next(40); i > 0; i--)
            Volatile.Read(ref own);
    }
}
