namespace System;

/// <summary>Arithmetic on integers.</summary>
public static class Math
{
    /// <summary>The smaller of two numbers.</summary>
    public static int Min(int left, int right) => left < right ? left : right;

    /// <inheritdoc cref="Min(int, int)"/>
    public static uint Min(uint left, uint right) => left < right ? left : right;

    /// <inheritdoc cref="Min(int, int)"/>
    public static long Min(long left, long right) => left < right ? left : right;

    /// <inheritdoc cref="Min(int, int)"/>
    public static ulong Min(ulong left, ulong right) => left < right ? left : right;

    /// <summary>The larger of two numbers.</summary>
    public static int Max(int left, int right) => left > right ? left : right;

    /// <inheritdoc cref="Max(int, int)"/>
    public static uint Max(uint left, uint right) => left > right ? left : right;

    /// <inheritdoc cref="Max(int, int)"/>
    public static long Max(long left, long right) => left > right ? left : right;

    /// <inheritdoc cref="Max(int, int)"/>
    public static ulong Max(ulong left, ulong right) => left > right ? left : right;

    /// <summary>The number, or the nearest bound if it lies outside.</summary>
    public static int Clamp(int value, int min, int max) => value < min ? min : value > max ? max : value;

    /// <inheritdoc cref="Clamp(int, int, int)"/>
    public static ulong Clamp(ulong value, ulong min, ulong max) => value < min ? min : value > max ? max : value;

    /// <summary>The number without its sign.</summary>
    public static long Abs(long value) => value < 0 ? -value : value;

    /// <summary>Quotient and remainder.</summary>
    public static (ulong Quotient, ulong Remainder) DivRem(ulong left, ulong right)
    {
        ulong quotient = left / right;
        return (quotient, left - quotient * right);
    }

    /// <summary>The product of two 32-bit numbers.</summary>
    public static ulong BigMul(uint left, uint right) => (ulong)left * right;

    /// <summary>The 128-bit product: returns the upper half.</summary>
    public static ulong BigMul(ulong left, ulong right, out ulong low)
    {
        ulong leftLow = (uint)left, leftHigh = left >> 32;
        ulong rightLow = (uint)right, rightHigh = right >> 32;
        ulong middle = leftHigh * rightLow + (leftLow * rightLow >> 32);
        ulong cross = leftLow * rightHigh + (uint)middle;
        low = left * right;
        return leftHigh * rightHigh + (middle >> 32) + (cross >> 32);
    }

    // The compiler looks for these wherever a conversion is checked; only floating point would call them.
    private static int ConvertToInt32Checked(double value) => throw new NotSupportedException();

    private static uint ConvertToUInt32Checked(double value) => throw new NotSupportedException();

    private static long ConvertToInt64Checked(double value) => throw new NotSupportedException();

    private static ulong ConvertToUInt64Checked(double value) => throw new NotSupportedException();
}
