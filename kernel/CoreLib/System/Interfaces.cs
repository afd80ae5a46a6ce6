namespace System;

/// <summary>What a <c>using</c> statement ends.</summary>
public interface IDisposable
{
    /// <summary>Gives back what the object holds.</summary>
    void Dispose();
}

/// <summary>Equality with a value of type <typeparamref name="T"/>.</summary>
public interface IEquatable<T>
    where T : allows ref struct
{
    /// <summary>Whether both values are the same.</summary>
    bool Equals(T? other);
}

/// <summary>Order among values of type <typeparamref name="T"/>.</summary>
public interface IComparable<in T>
    where T : allows ref struct
{
    /// <summary>Negative, zero or positive as this is less than, equal to or greater than the other.</summary>
    int CompareTo(T? other);
}
