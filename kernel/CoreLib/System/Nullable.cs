namespace System;

/// <summary>A value or nothing.</summary>
public struct Nullable<T>
    where T : struct
{
    private readonly bool hasValue;
    private readonly T value;

    /// <summary>Makes one with a value.</summary>
    public Nullable(T value)
    {
        this.value = value;
        hasValue = true;
    }

    /// <summary>Whether there is a value.</summary>
    public readonly bool HasValue => hasValue;

    /// <summary>The value; panics when there is none.</summary>
    public readonly T Value
    {
        get
        {
            if (!hasValue)
                Environment.FailFast("Nullable.Value of nothing");
            return value;
        }
    }

    /// <summary>The value, or the default of its type.</summary>
    public readonly T GetValueOrDefault() => value;

    /// <summary>The value, or the one given.</summary>
    public readonly T GetValueOrDefault(T other) => hasValue ? value : other;

    /// <summary>A value is also a value or nothing.</summary>
    public static implicit operator Nullable<T>(T value) => new Nullable<T>(value);

    /// <summary>The value; panics when there is none.</summary>
    public static explicit operator T(Nullable<T> value) => value!.Value;
}
