using System;

namespace Microkernel.Services.QemuDm;

/// <summary>
/// How much output of a guest is taken in a time: what is more stays in its page until it is due, and the guest waits. So no guest
/// takes the time that others need.
/// </summary>
internal sealed class OutputBudget
{
    /// <summary>What a guest that was quiet can write at once.</summary>
    internal const int Burst = 1 << 20;

    /// <summary>What it can write in a second, on and on.</summary>
    internal const int PerSecond = 1 << 20;

    private readonly TimeProvider _time;
    private double _left = Burst;
    private long _last;

    internal OutputBudget(TimeProvider time)
    {
        _time = time;
        _last = time.GetTimestamp();
    }

    /// <summary>Whether anything may be taken now.</summary>
    internal bool HasAny()
    {
        long now = _time.GetTimestamp();
        _left = Math.Min(Burst, _left + _time.GetElapsedTime(_last, now).TotalSeconds * PerSecond);
        _last = now;
        return _left >= 1;
    }

    /// <summary>So much was taken; it may be a little more than there was.</summary>
    internal void Use(int bytes) => _left -= bytes;
}
