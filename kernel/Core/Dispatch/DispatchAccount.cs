using System;

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
    private bool _isWaking;
    private int _lastCpu = -1;

    /// <summary>How often it had a reason to run again.</summary>
    public ulong Wakeups { get; private set; }

    /// <summary>How often it ran on another CPU than before.</summary>
    public ulong Migrations { get; private set; }

    /// <summary>The longest time from such a reason to running.</summary>
    public ulong WorstWait { get; private set; }

    /// <summary>How many of those times are in each class.</summary>
    public LatencyCounts Latency => _latency;

    /// <summary>It has a reason to run.</summary>
    public void Wakes(ulong now)
    {
        _wokeAt = now;
        _isWaking = true;
        Wakeups++;
    }

    /// <summary>It runs, on a CPU. <paramref name="bounds"/>: where each class of latency ends, except the last one.</summary>
    public void Runs(int cpu, ulong now, ReadOnlySpan<ulong> bounds)
    {
        if (_lastCpu != cpu)
        {
            Migrations += _lastCpu >= 0 ? 1u : 0;
            _lastCpu = cpu;
        }

        if (_isWaking)
            Count(now - _wokeAt, bounds);
    }

    /// <summary>As for a new vCPU.</summary>
    public void Reset()
    {
        _latency = default;
        _isWaking = false;
        _lastCpu = -1;
        Wakeups = Migrations = WorstWait = 0;
    }

    private void Count(ulong wait, ReadOnlySpan<ulong> bounds)
    {
        _isWaking = false;
        WorstWait = Math.Max(WorstWait, wait);
        int at = 0;
        while (at < bounds.Length && wait >= bounds[at])
            at++;

        _latency[at]++;
    }
}
