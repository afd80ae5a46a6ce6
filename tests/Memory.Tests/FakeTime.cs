using System;

namespace Microkernel.Services.Memory.Tests;

/// <summary>A time that passes when a test says so.</summary>
internal sealed class FakeTime : TimeProvider
{
    private TimeSpan _passed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _passed.Ticks;

    internal void Pass(TimeSpan time) => _passed += time;
}
