namespace Microkernel.Xen;

/// <summary>What became of a transaction: it is done as a whole or refused as a whole.</summary>
/// <param name="Error">0 when it is done; else an <see cref="ErrorNumber"/>.</param>
/// <param name="Generation">The generation in force.</param>
/// <param name="FailedRecord">The record to blame: changes first, then slots, from 0; null when none is.</param>
public readonly record struct SchedulingResult(int Error, ulong Generation, int? FailedRecord)
{
    /// <summary>It is in force.</summary>
    public bool IsApplied => Error == 0;
}
