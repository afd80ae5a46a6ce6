namespace System;

/// <summary>A value or nothing.</summary>
public struct Nullable<T>
    where T : struct
{
    private readonly bool _hasValue;
    private readonly T _value;

    /// <summary>Makes one with a value.</summary>
    public Nullable(T value)
    {
        _value = value;
        _hasValue = true;
    }

    /// <summary>Whether there is a value.</summary>
    public readonly bool HasValue => _hasValue;

    /// <summary>The value; panics when there is none.</summary>
    public readonly T Value
    {
        get
        {
            if (!_hasValue)
                ThrowHelper.InvalidOperation("Nullable.Value of nothing");
            return _value;
        }
    }

    /// <summary>The value, or the default of its type.</summary>
    public readonly T GetValueOrDefault() => _value;

    /// <summary>The value, or the one given.</summary>
    public readonly T GetValueOrDefault(T other) => _hasValue ? _value : other;

    /// <summary>A value is also a value or nothing.</summary>
    public static implicit operator Nullable<T>(T value) => new Nullable<T>(value);

    /// <summary>The value; panics when there is none.</summary>
    public static explicit operator T(Nullable<T> value) => value!.Value;
}
