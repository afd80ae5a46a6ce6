using System;
using System.Diagnostics;
using System.Threading;
using Google.Protobuf;
using Microkernel.Protos.Ring;

namespace Microkernel.Rings.Bench;

/// <summary>The cases: each returns operations a second.</summary>
internal static class Measure
{
    /// <summary>The first byte of a message that wants an answer; all others are only counted.</summary>
    private const byte WantsAnswer = 1;

    private const int MessageSize = 64;

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

    /// <summary>As <see cref="Stream"/>, with an envelope that is made anew each time.</summary>
    internal static double Messages(RingConnection connection, TimeSpan time)
    {
        var buffer = new byte[MessageSize];
        ByteString payload = ByteString.CopyFrom(new byte[27]);
        long count = 0;
        long start = Stopwatch.GetTimestamp();
        for (; Stopwatch.GetElapsedTime(start) < time; count += 100)
        {
            for (int i = 0; i < 100; i++)
            {
                var message = new Envelope { CallId = (ulong)(count + i + 1), Request = new() { Method = "microkernel.bench.v1/Count", Payload = payload } };
                Check(connection.Send(Bytes(message, buffer), Timeout.InfiniteTimeSpan));
            }
        }

        Check(connection.Send(Bytes(new Envelope { Cancel = new() }, buffer), Timeout.InfiniteTimeSpan));
        Check(connection.Receive(buffer, out _, Timeout.InfiniteTimeSpan));
        return count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>The other side of <see cref="Messages"/>: parses each, and answers the one that is no request.</summary>
    internal static void AnswerMessages(RingTransport transport)
    {
        using var connection = new RingConnection(transport);
        var buffer = new byte[MessageSize];
        while (connection.Receive(buffer, out int length, Timeout.InfiniteTimeSpan) == RingResult.Done)
        {
            if (Envelope.Parser.ParseFrom(buffer.AsSpan(0, length)).Request is null)
                connection.Send(buffer.AsSpan(0, length), Timeout.InfiniteTimeSpan);
        }
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

    private static ReadOnlySpan<byte> Bytes(Envelope message, byte[] buffer)
    {
        Span<byte> bytes = buffer.AsSpan(0, message.CalculateSize());
        message.WriteTo(bytes);
        return bytes;
    }

    private static void Check(RingResult result)
    {
        if (result != RingResult.Done)
            throw new InvalidOperationException($"the ring is {result}");
    }
}
