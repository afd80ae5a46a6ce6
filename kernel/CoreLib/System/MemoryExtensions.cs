using System.Runtime.CompilerServices;

namespace System;

/// <summary>Questions about spans.</summary>
public static class MemoryExtensions
{
    /// <summary>All elements of an array.</summary>
    public static Span<T> AsSpan<T>(this T[]? array) => new(array);

    /// <summary>The elements of an array from a place on.</summary>
    public static Span<T> AsSpan<T>(this T[]? array, int start) => new Span<T>(array).Slice(start);

    /// <summary>A number of elements of an array from a place on.</summary>
    public static Span<T> AsSpan<T>(this T[]? array, int start, int length) => new Span<T>(array).Slice(start, length);

    /// <summary>The text as a span.</summary>
    public static ReadOnlySpan<char> AsSpan(this string? text) =>
        text == null ? default : new(ref Unsafe.AsRef(in text.FirstChar), text.Length);

    /// <summary>Whether both have the same elements.</summary>
    public static bool SequenceEqual<T>(this ReadOnlySpan<T> span, ReadOnlySpan<T> other)
        where T : IEquatable<T>
    {
        if (span.Length != other.Length)
            return false;
        for (int i = 0; i < span.Length; i++)
            if (!span[i].Equals(other[i]))
                return false;
        return true;
    }

    /// <inheritdoc cref="SequenceEqual{T}(ReadOnlySpan{T}, ReadOnlySpan{T})"/>
    public static bool SequenceEqual<T>(this Span<T> span, ReadOnlySpan<T> other)
        where T : IEquatable<T> => ((ReadOnlySpan<T>)span).SequenceEqual(other);

    /// <summary>Whether a span starts with the elements of another.</summary>
    public static bool StartsWith<T>(this ReadOnlySpan<T> span, ReadOnlySpan<T> value)
        where T : IEquatable<T> => span.Length >= value.Length && span.Slice(0, value.Length).SequenceEqual(value);

    /// <summary>Whether a span ends with the elements of another.</summary>
    public static bool EndsWith<T>(this ReadOnlySpan<T> span, ReadOnlySpan<T> value)
        where T : IEquatable<T> =>
        span.Length >= value.Length && span.Slice(span.Length - value.Length).SequenceEqual(value);

    /// <summary>The first place of a value, or -1.</summary>
    public static int IndexOf<T>(this ReadOnlySpan<T> span, T value)
        where T : IEquatable<T>
    {
        for (int i = 0; i < span.Length; i++)
            if (span[i].Equals(value))
                return i;
        return -1;
    }

    /// <summary>The last place of a value, or -1.</summary>
    public static int LastIndexOf<T>(this ReadOnlySpan<T> span, T value)
        where T : IEquatable<T>
    {
        for (int i = span.Length - 1; i >= 0; i--)
            if (span[i].Equals(value))
                return i;
        return -1;
    }
}
