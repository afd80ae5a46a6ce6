namespace Mk.Tracing;

/// <summary>An event of Chrome's trace-event format. Times are nanoseconds since the trace began.</summary>
/// <param name="Process">The process that it is shown with.</param>
/// <param name="Thread">The track.</param>
/// <param name="Start">When it began.</param>
/// <param name="Length">How long it took; null for something of a moment.</param>
/// <param name="Name">What is shown.</param>
/// <param name="Cpu">The CPU, where the track is not one's.</param>
/// <param name="Waited">How long it was waited for, from a wake-up on.</param>
/// <param name="Then">What came after it.</param>
internal readonly record struct ChromeEvent(
    int Process, int Thread, long Start, long? Length, string Name, uint? Cpu = null, long Waited = 0, string? Then = null);
