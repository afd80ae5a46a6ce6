namespace System;

/// <summary>From one place up to another.</summary>
public readonly struct Range(Index start, Index end)
{
    /// <summary>The first place.</summary>
    public Index Start { get; } = start;

    /// <summary>The place after the last.</summary>
    public Index End { get; } = end;
}
