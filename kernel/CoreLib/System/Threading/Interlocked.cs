using System.Runtime.CompilerServices;

namespace System.Threading;

/// <summary>Atomic operations. The methods that call themselves are replaced by instructions (the JIT knows them).</summary>
public static class Interlocked
{
    /// <summary>Writes the value if the location holds the comparand; returns what it held.</summary>
    [Intrinsic]
    public static int CompareExchange(ref int location, int value, int comparand) =>
        CompareExchange(ref location, value, comparand);

    /// <inheritdoc cref="CompareExchange(ref int, int, int)"/>
    [Intrinsic]
    public static long CompareExchange(ref long location, long value, long comparand) =>
        CompareExchange(ref location, value, comparand);

    /// <inheritdoc cref="CompareExchange(ref int, int, int)"/>
    public static uint CompareExchange(ref uint location, uint value, uint comparand) =>
        (uint)CompareExchange(ref Unsafe.As<uint, int>(ref location), (int)value, (int)comparand);

    /// <inheritdoc cref="CompareExchange(ref int, int, int)"/>
    public static ulong CompareExchange(ref ulong location, ulong value, ulong comparand) =>
        (ulong)CompareExchange(ref Unsafe.As<ulong, long>(ref location), (long)value, (long)comparand);

    /// <inheritdoc cref="CompareExchange(ref int, int, int)"/>
    public static T CompareExchange<T>(ref T location, T value, T comparand)
        where T : class?
    {
        long old = CompareExchange(ref Unsafe.As<T, long>(ref location), Address(value), Address(comparand));
        return Unsafe.As<long, T>(ref old);
    }

    /// <summary>Writes the value; returns what the location held.</summary>
    [Intrinsic]
    public static int Exchange(ref int location, int value) => Exchange(ref location, value);

    /// <inheritdoc cref="Exchange(ref int, int)"/>
    [Intrinsic]
    public static long Exchange(ref long location, long value) => Exchange(ref location, value);

    /// <inheritdoc cref="Exchange(ref int, int)"/>
    public static uint Exchange(ref uint location, uint value) =>
        (uint)Exchange(ref Unsafe.As<uint, int>(ref location), (int)value);

    /// <inheritdoc cref="Exchange(ref int, int)"/>
    public static ulong Exchange(ref ulong location, ulong value) =>
        (ulong)Exchange(ref Unsafe.As<ulong, long>(ref location), (long)value);

    /// <inheritdoc cref="Exchange(ref int, int)"/>
    public static T Exchange<T>(ref T location, T value)
        where T : class?
    {
        long old = Exchange(ref Unsafe.As<T, long>(ref location), Address(value));
        return Unsafe.As<long, T>(ref old);
    }

    [Intrinsic]
    private static int ExchangeAdd(ref int location, int value) => ExchangeAdd(ref location, value);

    [Intrinsic]
    private static long ExchangeAdd(ref long location, long value) => ExchangeAdd(ref location, value);

    /// <summary>Adds; returns the sum.</summary>
    public static int Add(ref int location, int value) => ExchangeAdd(ref location, value) + value;

    /// <inheritdoc cref="Add(ref int, int)"/>
    public static uint Add(ref uint location, uint value) =>
        (uint)Add(ref Unsafe.As<uint, int>(ref location), (int)value);

    /// <inheritdoc cref="Add(ref int, int)"/>
    public static long Add(ref long location, long value) => ExchangeAdd(ref location, value) + value;

    /// <inheritdoc cref="Add(ref int, int)"/>
    public static ulong Add(ref ulong location, ulong value) =>
        (ulong)Add(ref Unsafe.As<ulong, long>(ref location), (long)value);

    /// <summary>Adds one; returns the sum.</summary>
    public static int Increment(ref int location) => Add(ref location, 1);

    /// <inheritdoc cref="Increment(ref int)"/>
    public static uint Increment(ref uint location) => Add(ref location, 1);

    /// <inheritdoc cref="Increment(ref int)"/>
    public static long Increment(ref long location) => Add(ref location, 1);

    /// <inheritdoc cref="Increment(ref int)"/>
    public static ulong Increment(ref ulong location) => Add(ref location, 1);

    /// <summary>Subtracts one; returns the difference.</summary>
    public static int Decrement(ref int location) => Add(ref location, -1);

    /// <inheritdoc cref="Decrement(ref int)"/>
    public static uint Decrement(ref uint location) => Add(ref location, uint.MaxValue);

    /// <inheritdoc cref="Decrement(ref int)"/>
    public static long Decrement(ref long location) => Add(ref location, -1);

    /// <inheritdoc cref="Decrement(ref int)"/>
    public static ulong Decrement(ref ulong location) => Add(ref location, ulong.MaxValue);

    /// <summary>Sets the bits of the value; returns what the location held.</summary>
    [Intrinsic]
    public static int Or(ref int location, int value) => Or(ref location, value);

    /// <inheritdoc cref="Or(ref int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Or(ref uint location, uint value) =>
        (uint)Or(ref Unsafe.As<uint, int>(ref location), (int)value);

    /// <inheritdoc cref="Or(ref int, int)"/>
    [Intrinsic]
    public static long Or(ref long location, long value) => Or(ref location, value);

    /// <inheritdoc cref="Or(ref int, int)"/>
    public static ulong Or(ref ulong location, ulong value) =>
        (ulong)Or(ref Unsafe.As<ulong, long>(ref location), (long)value);

    /// <summary>Clears the bits that the value lacks; returns what the location held.</summary>
    [Intrinsic]
    public static int And(ref int location, int value) => And(ref location, value);

    /// <inheritdoc cref="And(ref int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint And(ref uint location, uint value) =>
        (uint)And(ref Unsafe.As<uint, int>(ref location), (int)value);

    /// <inheritdoc cref="And(ref int, int)"/>
    [Intrinsic]
    public static long And(ref long location, long value) => And(ref location, value);

    /// <inheritdoc cref="And(ref int, int)"/>
    public static ulong And(ref ulong location, ulong value) =>
        (ulong)And(ref Unsafe.As<ulong, long>(ref location), (long)value);

    /// <summary>Everything before it is visible before anything after it.</summary>
    [Intrinsic]
    public static void MemoryBarrier() => MemoryBarrier();

    private static long Address<T>(T value)
        where T : class? => Unsafe.As<T, long>(ref value);
}
