using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Microkernel.CoreLibTests.Checks;

/// <summary>Statics, structures, tuples, nullables, patterns, strings, clean-up.</summary>
internal static class LanguageChecks
{
    private static readonly int[] Squares = [0, 1, 4, 9, 16];
    private static readonly Box Shared = new() { Value = 41 };
    private static int _disposed;

    private sealed class Box
    {
        public int Value;
    }

    private static class Lazy
    {
        public static readonly int First = NextOrder();
        public static readonly Box Second = new() { Value = NextOrder() };
        private static int _order;

        private static int NextOrder() => ++_order * 10;
    }

    [StructLayout(LayoutKind.Explicit, Size = 16)]
    private struct Union
    {
        [FieldOffset(0)]
        public ulong Whole;
        [FieldOffset(4)]
        public uint High;
        [FieldOffset(8)]
        public byte Rest;
    }

    [InlineArray(5)]
    private struct Five
    {
        private short _element;
    }

    private ref struct Cleaner : IDisposable
    {
        public readonly void Dispose() => _disposed++;
    }

    private enum Small : byte
    {
        None,
        One,
        Last = 255,
    }

    internal static void Run(Report report)
    {
        Shared.Value++;
        report.Line("static object"u8, Shared.Value + Squares[4] * 1000);
        report.Line("lazy"u8, Lazy.First + Lazy.Second.Value * 100);
        var union = new Union { Whole = 0x1122_3344_5566_7788, Rest = 9 };
        union.High = 0xAABB_CCDD;
        report.Line("union"u8, (long)union.Whole + union.Rest);
        report.Line("union size"u8, Unsafe.SizeOf<Union>());
        var five = default(Five);
        for (int i = 0; i < 5; i++)
        {
            five[i] = (short)(i * i);
        }

        Span<short> elements = five;
        report.Line("inline array"u8, elements[3] * 10 + elements.Length);
        using (default(Cleaner))
        {
            report.Line("not yet disposed"u8, _disposed);
        }

        report.Line("disposed"u8, _disposed + EarlyReturn(true) * 10);
        (int sum, long product) = SumAndProduct(6, 7);
        report.Line("tuple"u8, sum * 1000 + product);
        RunValues(report);
    }

    private static void RunValues(Report report)
    {
        int? nothing = Maybe(false);
        int? something = Maybe(true);
        report.Line("nullable"u8, (nothing ?? -1) * 100 + something!.Value + (nothing.HasValue ? 1000 : 0));
        report.Line("lifted"u8, (nothing + something).GetValueOrDefault(5));
        foreach (Small value in (Small[])[Small.None, Small.One, Small.Last, (Small)77])
        {
            report.Line("switch"u8, value switch { Small.None => 10, Small.One => 20, > (Small)100 => 30, _ => 40 });
        }

        string text = "héllo";
        report.Line("string"u8, text.Length * 100000 + text[1] + text.AsSpan()[4]);
        report.Line("u8"u8, "héllo"u8.Length);
        report.Line("checked"u8, checked((byte)(Squares[4] * 15)));
        report.Line("shift"u8, 1L << Squares[4] << 33);
        report.Line("remainder"u8, -7 % 3 * 100 + -7 / 2);
        object? none = Squares.Length > 100 ? Shared : null;
        report.Line("null pattern"u8, none is null && (none as Box)?.Value is null ? 1 : 0);
    }

    private static int EarlyReturn(bool early)
    {
        using var cleaner = default(Cleaner);
        if (early)
        {
            return _disposed;
        }

        return -1;
    }

    private static (int Sum, long Product) SumAndProduct(int left, int right) => (left + right, (long)left * right);

    private static int? Maybe(bool something) => something ? 12 : null;
}
