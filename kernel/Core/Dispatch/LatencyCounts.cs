using System.Runtime.CompilerServices;

namespace Microkernel.Core.Dispatch;

/// <summary>How many wake-ups there were of each class of latency.</summary>
[InlineArray(Length)]
public struct LatencyCounts
{
    /// <summary>Classes: shorter than 100 us, 300 us, 1 ms, 3 ms, 10 ms, 30 ms, 100 ms; longer.</summary>
    public const int Length = 8;

    private uint _first;
}
