namespace System;

/// <summary>A place counted from the start or from the end.</summary>
public readonly struct Index
{
    private readonly int value;

    /// <summary>Makes one.</summary>
    public Index(int value, bool fromEnd = false) => this.value = fromEnd ? ~value : value;

    /// <summary>The place from the start, in something of this length.</summary>
    public int GetOffset(int length) => value < 0 ? value + length + 1 : value;

    /// <summary>A number is a place counted from the start.</summary>
    public static implicit operator Index(int value) => new(value);
}
