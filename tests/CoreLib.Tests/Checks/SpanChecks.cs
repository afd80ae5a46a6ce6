using System;
using System.Runtime.InteropServices;

namespace Microkernel.CoreLibTests.Checks;

/// <summary>Spans and views of memory as other types.</summary>
internal static class SpanChecks
{
    private struct Pair
    {
        public uint First;
        public ushort Second;
    }

    internal static void Run(Report report)
    {
        Span<byte> bytes = stackalloc byte[40];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)(i * 7);
        }

        report.Line("sum"u8, Sum(bytes));
        bytes.Slice(4, 20).CopyTo(bytes.Slice(7));
        report.Line("overlapping up"u8, Sum(bytes));
        bytes.Slice(9, 20).CopyTo(bytes[2..]);
        report.Line("overlapping down"u8, Sum(bytes));
        bytes[^5..].Fill(3);
        bytes.Slice(1, 9).Clear();
        report.Line("filled and cleared"u8, Sum(bytes));
        RunCopies(report);
        RunViews(report, bytes);
        RunSearches(report);
        RunArrays(report);
    }

    private static long Sum(ReadOnlySpan<byte> bytes)
    {
        long sum = 0;
        foreach (byte value in bytes)
        {
            sum = sum * 31 + value;
        }

        return sum;
    }

    /// <summary>Every length up to beyond the copies that are made in one piece, forwards and backwards over itself.</summary>
    private static void RunCopies(Report report)
    {
        const int Longest = 150;
        byte[] bytes = new byte[3 * Longest];
        for (int length = 0; length <= Longest; length++)
        {
            long sum = 0;
            for (int distance = -Longest; distance <= Longest; distance += length < 10 ? 1 : 7)
            {
                for (int i = 0; i < bytes.Length; i++)
                {
                    bytes[i] = (byte)(i * 13 + length);
                }

                bytes.AsSpan(Longest, length).CopyTo(bytes.AsSpan(Longest + distance));
                sum = sum * 31 + Sum(bytes);
                bytes.AsSpan(Longest + distance, length).Clear();
                sum = sum * 31 + Sum(bytes);
            }

            bytes.AsSpan(length, 2 * length).Clear();
            bytes.AsSpan(length, length).Fill((byte)(200 + length));
            MemoryMarshal.Cast<byte, ulong>(bytes.AsSpan(3, 3 * length / 2)).Fill(0x0123_4567_89AB_CDEF);
            report.Line("copy"u8, sum * 31 + Sum(bytes));
        }
    }

    private static void RunViews(Report report, Span<byte> bytes)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes.Slice(0, 39));
        report.Line("words"u8, words.Length);
        words[2] = 0x0102_0304_0506_0708;
        report.Line("through words"u8, bytes[16] * 256 + bytes[23]);
        report.Line("bytes of words"u8, Sum(MemoryMarshal.AsBytes(words)));
        Pair pair = MemoryMarshal.Read<Pair>(bytes.Slice(13));
        report.Line("read"u8, pair.First + pair.Second);
        MemoryMarshal.Write(bytes.Slice(3), new Pair { First = 0xDEAD_BEEF, Second = 0x1234 });
        report.Line("written"u8, Sum(bytes.Slice(0, 9)));
        MemoryMarshal.AsRef<uint>(bytes.Slice(8)) = 0x1122_3344;
        report.Line("as reference"u8, bytes[8] + bytes[11] * 256);
        report.Line("too short to read"u8, MemoryMarshal.TryRead(bytes.Slice(37), out uint value) ? value : -1);
        Span<uint> one = MemoryMarshal.CreateSpan(ref pair.First, 1);
        one[0]++;
        report.Line("created"u8, pair.First);
    }

    private static void RunSearches(Report report)
    {
        ReadOnlySpan<byte> path = "/boot/core.elf"u8;
        report.Line("index"u8, path.IndexOf((byte)'o') * 100 + path.LastIndexOf((byte)'/'));
        report.Line("absent"u8, path.IndexOf((byte)'x'));
        report.Line("ends"u8, (path.StartsWith("/boot"u8) ? 1 : 0) + (path.EndsWith(".elf"u8) ? 2 : 0) + (path.StartsWith("boot"u8) ? 4 : 0));
        report.Line("equal"u8, (path.SequenceEqual("/boot/core.elf"u8) ? 1 : 0) + (path.SequenceEqual("/boot/core.elg"u8) ? 2 : 0));
        report.Line("empty"u8, path[path.Length..].IsEmpty ? 1 : 0);
    }

    private static void RunArrays(Report report)
    {
        int[] numbers = [3, 1, 4, 1, 5, 9, 2, 6];
        ReadOnlySpan<int> middle = numbers.AsSpan(2, 4);
        int[] copy = middle.ToArray();
        copy[0] = 100;
        foreach (ref int number in numbers.AsSpan(5))
        {
            number *= 2;
        }

        report.Line("arrays"u8, numbers[2] * 1000 + copy.Length * 100 + numbers[5] + copy[1]);
        Span<int> empty = default(int[]);
        report.Line("null array"u8, empty.Length);
    }
}
