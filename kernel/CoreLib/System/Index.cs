namespace System;

/// <summary>A place counted from the start or from the end.</summary>
public readonly struct Index
{
    private readonly int _value;

    /// <summary>Makes one.</summary>
    public Index(int value, bool fromEnd = false) => _value = fromEnd ? ~value : value;

    /// <summary>The place from the start, in something of this length.</summary>
    public int GetOffset(int length) => _value < 0 ? _value + length + 1 : _value;

    /// <summary>A number is a place counted from the start.</summary>
    public static implicit operator Index(int value) => new(value);
}
