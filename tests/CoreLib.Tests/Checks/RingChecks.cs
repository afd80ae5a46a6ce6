using System;
using Microkernel.Rings;

namespace Microkernel.CoreLibTests.Checks;

/// <summary>The byte ring, compiled for the core: the same steps have the same results and leave the same memory.</summary>
internal static class RingChecks
{
    private const int Size = 304;

    internal static void Run(Report report)
    {
        Span<byte> queue = stackalloc byte[Size];
        Span<byte> message = stackalloc byte[Size];
        Span<byte> buffer = stackalloc byte[60];
        queue.Clear();
        RingWriter writer = new(Size);
        RingReader reader = new(Size);
        uint random = 1;
        for (int i = 0; i < 2000; i++)
        {
            random = random * 1664525 + 1013904223;
            int length = (int)(random >> 20) % 60 + 1;
            message.Slice(0, length).Fill((byte)i);
            long found = (random >> 29) switch
            {
                < 3 => (long)writer.TryWrite(queue, message.Slice(0, length)),
                3 => writer.Publish(queue) ? 2 : 1,
                4 => writer.MustWait(queue, length) ? 2 : 1,
                5 => (long)reader.TryRead(queue, buffer, out length) * 1000 + length,
                6 => reader.Release(queue) ? 2 : 1,
                _ => reader.MustWait(queue) ? 2 : 1,
            };
            if (i % 50 == 0)
                report.Line("ring"u8, found * 1_000_000 + Sum(queue));
        }

        report.Line("ring open"u8, (long)writer.State * 10 + (long)reader.State);
        queue.Fill(0x88);
        report.Line("ring attacked"u8, (long)reader.TryRead(queue, buffer, out _) * 10 + (long)writer.TryWrite(queue, message.Slice(0, 170)));
        report.Line("ring closed"u8, (long)writer.State * 10 + (long)reader.State);
    }

    private static long Sum(ReadOnlySpan<byte> bytes)
    {
        long sum = 0;
        for (int i = 0; i < bytes.Length; i++)
            sum += bytes[i] * (i + 1);
        return sum;
    }
}
