using System.Runtime.CompilerServices;

namespace System.Threading;

/// <summary>Reads with acquire order and writes with release order.</summary>
public static class Volatile
{
    private struct Cell32
    {
        public volatile uint Value;
    }

    private struct Cell64
    {
        public volatile nuint Value;
    }

    private struct Cell8
    {
        public volatile byte Value;
    }

    private struct Cell16
    {
        public volatile ushort Value;
    }

    private struct CellObject<T>
        where T : class?
    {
        public volatile T Value;
    }

    /// <summary>Reads; nothing after it is done before it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Read(ref readonly bool location) =>
        Unsafe.As<bool, Cell8>(ref Unsafe.AsRef(in location)).Value != 0;

    /// <inheritdoc cref="Read(ref readonly bool)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort Read(ref readonly ushort location) =>
        Unsafe.As<ushort, Cell16>(ref Unsafe.AsRef(in location)).Value;

    /// <inheritdoc cref="Read(ref readonly bool)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Read(ref readonly int location) =>
        (int)Unsafe.As<int, Cell32>(ref Unsafe.AsRef(in location)).Value;

    /// <inheritdoc cref="Read(ref readonly bool)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Read(ref readonly uint location) =>
        Unsafe.As<uint, Cell32>(ref Unsafe.AsRef(in location)).Value;

    /// <inheritdoc cref="Read(ref readonly bool)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Read(ref readonly long location) =>
        (long)Unsafe.As<long, Cell64>(ref Unsafe.AsRef(in location)).Value;

    /// <inheritdoc cref="Read(ref readonly bool)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Read(ref readonly ulong location) =>
        Unsafe.As<ulong, Cell64>(ref Unsafe.AsRef(in location)).Value;

    /// <inheritdoc cref="Read(ref readonly bool)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Read<T>(ref readonly T location)
        where T : class? => Unsafe.As<T, CellObject<T>>(ref Unsafe.AsRef(in location)).Value;

    /// <summary>Writes; nothing before it is done after it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref bool location, bool value) =>
        Unsafe.As<bool, Cell8>(ref location).Value = value ? (byte)1 : (byte)0;

    /// <inheritdoc cref="Write(ref bool, bool)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref ushort location, ushort value) =>
        Unsafe.As<ushort, Cell16>(ref location).Value = value;

    /// <inheritdoc cref="Write(ref bool, bool)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref int location, int value) =>
        Unsafe.As<int, Cell32>(ref location).Value = (uint)value;

    /// <inheritdoc cref="Write(ref bool, bool)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref uint location, uint value) =>
        Unsafe.As<uint, Cell32>(ref location).Value = value;

    /// <inheritdoc cref="Write(ref bool, bool)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref long location, long value) =>
        Unsafe.As<long, Cell64>(ref location).Value = (nuint)value;

    /// <inheritdoc cref="Write(ref bool, bool)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref ulong location, ulong value) =>
        Unsafe.As<ulong, Cell64>(ref location).Value = (nuint)value;

    /// <inheritdoc cref="Write(ref bool, bool)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write<T>(ref T location, T value)
        where T : class? => Unsafe.As<T, CellObject<T>>(ref location).Value = value;
}
