using System.Runtime.CompilerServices;

namespace System.Runtime.InteropServices;

/// <summary>Spans of plain values seen as spans of other plain values, with the length checked.</summary>
public static class MemoryMarshal
{
    /// <summary>The same memory as bytes.</summary>
    public static Span<byte> AsBytes<T>(Span<T> span)
        where T : struct => Cast<T, byte>(span);

    /// <inheritdoc cref="AsBytes{T}(Span{T})"/>
    public static ReadOnlySpan<byte> AsBytes<T>(ReadOnlySpan<T> span)
        where T : struct => Cast<T, byte>(span);

    /// <summary>The same memory as elements of another type; a rest that is too small is left out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Span<TTo> Cast<TFrom, TTo>(Span<TFrom> span)
        where TFrom : struct
        where TTo : struct =>
        new(ref Unsafe.As<TFrom, TTo>(ref span.Reference), CastLength<TFrom, TTo>(span.Length));

    /// <inheritdoc cref="Cast{TFrom, TTo}(Span{TFrom})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ReadOnlySpan<TTo> Cast<TFrom, TTo>(ReadOnlySpan<TFrom> span)
        where TFrom : struct
        where TTo : struct =>
        new(ref Unsafe.As<TFrom, TTo>(ref span.Reference), CastLength<TFrom, TTo>(span.Length));

    /// <summary>The value at the start of the bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Read<T>(ReadOnlySpan<byte> source)
        where T : struct
    {
        Check<T>(source.Length);
        return Unsafe.ReadUnaligned<T>(in source.Reference);
    }

    /// <summary>The value at the start of the bytes, if they are enough.</summary>
    public static bool TryRead<T>(ReadOnlySpan<byte> source, out T value)
        where T : struct
    {
        bool enough = Unsafe.SizeOf<T>() <= source.Length;
        value = enough ? Unsafe.ReadUnaligned<T>(in source.Reference) : default;
        return enough;
    }

    /// <summary>Writes a value to the start of the bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write<T>(Span<byte> destination, in T value)
        where T : struct
    {
        Check<T>(destination.Length);
        Unsafe.WriteUnaligned(ref destination.Reference, value);
    }

    /// <summary>The start of the bytes as a value in place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref T AsRef<T>(Span<byte> span)
        where T : struct
    {
        Check<T>(span.Length);
        return ref Unsafe.As<byte, T>(ref span.Reference);
    }

    /// <inheritdoc cref="AsRef{T}(Span{byte})"/>
    public static ref readonly T AsRef<T>(ReadOnlySpan<byte> span)
        where T : struct
    {
        Check<T>(span.Length);
        return ref Unsafe.As<byte, T>(ref span.Reference);
    }

    /// <summary>A span from its first element; the caller answers for the length.</summary>
    public static Span<T> CreateSpan<T>(scoped ref T reference, int length) =>
        new(ref Unsafe.AsRef(in reference), length);

    /// <inheritdoc cref="CreateSpan{T}(ref T, int)"/>
    public static ReadOnlySpan<T> CreateReadOnlySpan<T>(scoped ref readonly T reference, int length) =>
        new(ref Unsafe.AsRef(in reference), length);

    /// <summary>The first element, without a check that there is one.</summary>
    public static ref T GetReference<T>(Span<T> span) => ref span.Reference;

    /// <inheritdoc cref="GetReference{T}(Span{T})"/>
    public static ref T GetReference<T>(ReadOnlySpan<T> span) => ref span.Reference;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int CastLength<TFrom, TTo>(int length)
        where TFrom : struct
        where TTo : struct
    {
        CheckPlain<TFrom>();
        CheckPlain<TTo>();
        if (Unsafe.SizeOf<TFrom>() == Unsafe.SizeOf<TTo>())
            return length;

        return Unsafe.SizeOf<TFrom>() == 1
            ? (int)((uint)length / (uint)Unsafe.SizeOf<TTo>())
            : ConvertLength(length, Unsafe.SizeOf<TFrom>(), Unsafe.SizeOf<TTo>());
    }

    private static int ConvertLength(int length, int from, int to)
    {
        ulong count = (ulong)(uint)length * (uint)from / (uint)to;
        if (count > int.MaxValue)
            ThrowHelper.Overflow();
        return (int)count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Check<T>(int length)
        where T : struct
    {
        CheckPlain<T>();
        if (Unsafe.SizeOf<T>() > length)
            ThrowHelper.ArgumentOutOfRange();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CheckPlain<T>()
    {
        if (RuntimeHelpers.IsReferenceOrContainsReferences<T>())
            ThrowHelper.InvalidOperation("bytes of a type that holds references");
    }
}
