using System.Runtime.CompilerServices;

namespace Microkernel.Core.Dispatch;

/// <summary>
/// What a vCPU's time was like since its creation, beside its runstate. Times are ticks; who looks from another CPU may see a part of a
/// change.
/// </summary>
public sealed class DispatchAccount
{
    /// <summary>Classes of wake-up latency.</summary>
    public const int LatencyClasses = LatencyCounts.Length;

    private LatencyCounts _latency;
    private ulong _wokeAt;
    private int _lastCpu = -1;

    /// <summary>How often it ran on another CPU than before.</summary>
    public ulong Migrations { get; private set; }

    /// <summary>The longest time from a reason to run to running.</summary>
    public ulong WorstWait { get; private set; }

    /// <summary>That time for its present or last slice; 0 when it was not woken for it.</summary>
    public ulong LastWait { get; private set; }

    /// <summary>How many of those times are in each class.</summary>
    public LatencyCounts Latency => _latency;

    /// <summary>How often it had a reason to run again, and ran.</summary>
    public ulong Wakeups
    {
        get
        {
            ulong sum = 0;
            for (int i = 0; i < LatencyClasses; i++)
                sum += _latency[i];

            return sum;
        }
    }

    /// <summary>It has a reason to run.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Wakes(ulong now) => _wokeAt = now;

    /// <summary>It runs, on a CPU. <paramref name="bounds"/>: where each class of latency ends, except the last one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Runs(int cpu, ulong now, ulong[] bounds)
    {
        if (_lastCpu != cpu)
            Move(cpu);

        LastWait = 0;
        if (_wokeAt != 0)
            Count(now - _wokeAt, bounds);
    }

    /// <summary>As for a new vCPU.</summary>
    public void Reset()
    {
        _latency = default;
        _lastCpu = -1;
        _wokeAt = 0;
        Migrations = WorstWait = LastWait = 0;
    }

    private void Move(int cpu)
    {
        Migrations += _lastCpu >= 0 ? 1u : 0;
        _lastCpu = cpu;
    }

    private void Count(ulong wait, ulong[] bounds)
    {
        _wokeAt = 0;
        LastWait = wait;
        if (wait > WorstWait)
            WorstWait = wait;

        int at = 0;
        while (at < bounds.Length && wait >= bounds[at])
            at++;

        _latency[at]++;
    }
}
