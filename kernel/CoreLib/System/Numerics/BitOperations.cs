using System.Runtime.CompilerServices;

namespace System.Numerics;

/// <summary>Bits of integers.</summary>
public static class BitOperations
{
    /// <summary>Number of set bits.</summary>
    [Intrinsic]
    public static int PopCount(uint value) => PopCount((ulong)value);

    /// <inheritdoc cref="PopCount(uint)"/>
    [Intrinsic]
    public static int PopCount(ulong value)
    {
        value -= value >> 1 & 0x5555_5555_5555_5555;
        value = (value & 0x3333_3333_3333_3333) + (value >> 2 & 0x3333_3333_3333_3333);
        value = value + (value >> 4) & 0x0F0F_0F0F_0F0F_0F0F;
        return (int)(value * 0x0101_0101_0101_0101 >> 56);
    }

    /// <summary>Number of zero bits below the lowest set one; the width for zero.</summary>
    [Intrinsic]
    public static int TrailingZeroCount(uint value) => value == 0 ? 32 : TrailingZeroCount((ulong)value);

    /// <inheritdoc cref="TrailingZeroCount(uint)"/>
    [Intrinsic]
    public static int TrailingZeroCount(ulong value) => PopCount((value & 0 - value) - 1);

    /// <inheritdoc cref="TrailingZeroCount(uint)"/>
    public static int TrailingZeroCount(int value) => TrailingZeroCount((uint)value);

    /// <inheritdoc cref="TrailingZeroCount(uint)"/>
    public static int TrailingZeroCount(long value) => TrailingZeroCount((ulong)value);

    /// <summary>Number of zero bits above the highest set one; the width for zero.</summary>
    [Intrinsic]
    public static int LeadingZeroCount(uint value) => LeadingZeroCount((ulong)value) - 32;

    /// <inheritdoc cref="LeadingZeroCount(uint)"/>
    [Intrinsic]
    public static int LeadingZeroCount(ulong value)
    {
        value |= value >> 1;
        value |= value >> 2;
        value |= value >> 4;
        value |= value >> 8;
        value |= value >> 16;
        value |= value >> 32;
        return 64 - PopCount(value);
    }

    /// <summary>The number of the highest set bit; 0 for zero.</summary>
    public static int Log2(uint value) => Log2((ulong)value);

    /// <inheritdoc cref="Log2(uint)"/>
    public static int Log2(ulong value) => 63 - LeadingZeroCount(value | 1);

    /// <summary>Whether exactly one bit is set.</summary>
    public static bool IsPow2(uint value) => IsPow2((ulong)value);

    /// <inheritdoc cref="IsPow2(uint)"/>
    public static bool IsPow2(ulong value) => (value & value - 1) == 0 && value != 0;

    /// <summary>The next power of two that is not smaller; 0 if it does not fit.</summary>
    public static ulong RoundUpToPowerOf2(ulong value) =>
        value == 0 ? 0 : value > 1UL << 63 ? 0 : 1UL << 64 - LeadingZeroCount(value - 1);

    /// <summary>Rotates towards the higher bits.</summary>
    public static uint RotateLeft(uint value, int offset) => value << offset | value >> 32 - offset;

    /// <inheritdoc cref="RotateLeft(uint, int)"/>
    public static ulong RotateLeft(ulong value, int offset) => value << offset | value >> 64 - offset;

    /// <summary>Rotates towards the lower bits.</summary>
    public static uint RotateRight(uint value, int offset) => value >> offset | value << 32 - offset;

    /// <inheritdoc cref="RotateRight(uint, int)"/>
    public static ulong RotateRight(ulong value, int offset) => value >> offset | value << 64 - offset;
}
