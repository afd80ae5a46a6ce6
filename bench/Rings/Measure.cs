using System;
using System.Diagnostics;
using System.Threading;

namespace Microkernel.Rings.Bench;

/// <summary>The cases: each returns operations a second.</summary>
internal static class Measure
{
    /// <summary>The first byte of a message that wants an answer; all others are only counted.</summary>
    private const byte WantsAnswer = 1;

    /// <summary>Both ends in one thread: what the ring itself costs, without any waiting.</summary>
    internal static double OneThread(int ringSize, int length, TimeSpan time)
    {
        var queue = new byte[RingLayout.QueueSize(ringSize)];
        RingWriter writer = new(queue.Length);
        RingReader reader = new(queue.Length);
        byte[] message = new byte[length], buffer = new byte[length];
        long count = 0;
        long start = Stopwatch.GetTimestamp();
        for (; Stopwatch.GetElapsedTime(start) < time; count += 100)
        {
            for (int i = 0; i < 100; i++)
            {
                writer.TryWrite(queue, message);
                writer.Publish(queue);
                reader.TryRead(queue, buffer, out _);
                reader.Release(queue);
            }
        }

        return count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Sends until time is up; then one answer tells that all have arrived.</summary>
    internal static double Stream(RingConnection connection, int length, TimeSpan time)
    {
        var message = new byte[length];
        Exchange(connection, message);
        message[0] = 0;
        long count = 0;
        long start = Stopwatch.GetTimestamp();
        for (; Stopwatch.GetElapsedTime(start) < time; count += 100)
        {
            for (int i = 0; i < 100; i++)
                Check(connection.Send(message, Timeout.InfiniteTimeSpan));
        }

        Exchange(connection, message);
        return count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>One message there, one back, and so on.</summary>
    internal static double RoundTrips(RingConnection connection, int length, TimeSpan time)
    {
        var message = new byte[length];
        Exchange(connection, message);
        long count = 0;
        long start = Stopwatch.GetTimestamp();
        for (; Stopwatch.GetElapsedTime(start) < time; count++)
            Exchange(connection, message);
        return count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>The other side of all of them.</summary>
    internal static void Answer(RingTransport transport)
    {
        using var connection = new RingConnection(transport);
        var buffer = new byte[connection.LargestMessage];
        while (connection.Receive(buffer, out int length, Timeout.InfiniteTimeSpan) == RingResult.Done)
        {
            if (buffer[0] == WantsAnswer)
                connection.Send(buffer.AsSpan(0, length), Timeout.InfiniteTimeSpan);
        }
    }

    private static void Exchange(RingConnection connection, byte[] message)
    {
        message[0] = WantsAnswer;
        Check(connection.Send(message, Timeout.InfiniteTimeSpan));
        Check(connection.Receive(message, out _, Timeout.InfiniteTimeSpan));
    }

    private static void Check(RingResult result)
    {
        if (result != RingResult.Done)
            throw new InvalidOperationException($"the ring is {result}");
    }
}
