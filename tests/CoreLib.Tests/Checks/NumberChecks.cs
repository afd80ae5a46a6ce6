using System;
using System.Numerics;

namespace Microkernel.CoreLibTests.Checks;

/// <summary>Arithmetic over many values: any difference changes the folded result.</summary>
internal static class NumberChecks
{
    private const int Rounds = 2000;

    internal static void Run(Report report)
    {
        ulong state = 0x9E37_79B9_7F4A_7C15;
        long bits = 0;
        long products = 0;
        long limits = 0;
        for (int i = 0; i < Rounds; i++)
        {
            ulong value = Next(ref state) >> (i % 64);
            bits = bits * 31 + Bits(value) + Bits32((uint)value);
            ulong high = Math.BigMul(value, Next(ref state), out ulong low);
            (ulong quotient, ulong remainder) = Math.DivRem(low, high | 1);
            products = products * 31 + (long)(high ^ low) + (long)(quotient + remainder);
            limits = limits * 31 + Limits((long)value, (long)low);
        }

        report.Line("bits"u8, bits);
        report.Line("products"u8, products);
        report.Line("limits"u8, limits);
        report.Line("of zero"u8, Bits(0) * 1000 + Bits32(0));
    }

    private static ulong Next(ref ulong state)
    {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return state;
    }

    private static long Bits(ulong value) =>
        BitOperations.PopCount(value) + BitOperations.TrailingZeroCount(value) * 64 + BitOperations.LeadingZeroCount(value) * 4096
            + (long)BitOperations.RotateLeft(value, 11) + (long)BitOperations.RotateRight(value, 23) + BitOperations.Log2(value)
            + (BitOperations.IsPow2(value) ? 7 : 0) + (long)BitOperations.RoundUpToPowerOf2(value);

    private static long Bits32(uint value) =>
        BitOperations.PopCount(value) + BitOperations.TrailingZeroCount(value) * 64 + BitOperations.LeadingZeroCount(value) * 4096
            + BitOperations.RotateLeft(value, 11) + BitOperations.RotateRight(value, 23) + BitOperations.Log2(value);

    private static long Limits(long left, long right) =>
        Math.Min(left, right) - Math.Max((int)left, (int)right) + (long)Math.Min((ulong)left, (ulong)right)
            + Math.Clamp((int)left, -1000, 1000) + Math.Abs(left >> 1) + left.CompareTo(right) + ((uint)left).CompareTo((uint)right);
}
