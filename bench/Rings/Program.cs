using System;
using System.Globalization;
using System.IO;
using System.Threading;

namespace Microkernel.Rings.Bench;

/// <summary>
/// Rings.Bench [SECONDS]: measures each case for that long and prints it beside what is wanted. With "peer SOCKET" it is the
/// other process of the cases that need one.
/// </summary>
public static class Program
{
    private const int Page = 4096;
    private const int RingSize = 64 * Page;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static int Main(string[] arguments)
    {
        if (arguments is ["peer", string name])
            return BePeer(name);
        var time = TimeSpan.FromSeconds(arguments.Length > 0 ? double.Parse(arguments[0], CultureInfo.InvariantCulture) : 2);
        Console.WriteLine($"{"case",-62} {"here",14} {"wanted",14}");
        Print("one thread, 4 KiB frames, write and read", Measure.OneThread(RingSize, Page, time), Page, "1.0 GB/s");
        Print("one thread, 64-byte frames, write and read", Measure.OneThread(RingSize, 64, time), 0, "");
        Print("two threads, 4 KiB frames", TwoThreads(RingSize, Page, time), Page, "1.0 GB/s");
        Print("two threads, 64-byte frames", TwoThreads(RingSize, 64, time), 0, "1,000,000 /s");
        Print("two threads, 64-byte protobuf messages, made and parsed", Messages(time), 0, "1,000,000 /s");
        Print("two threads, 64-byte frames, ring of two pages", TwoThreads(2 * Page, 64, time), 0, "");
        Print("two processes, 4 KiB frames", TwoProcesses(Measure.Stream, Page, time), Page, "");
        Print("two processes, 64-byte frames", TwoProcesses(Measure.Stream, 64, time), 0, "");
        Print("two threads, 64-byte round trips, each side sleeps", RoundTrips(time), 0, "");
        Print("two processes, 64-byte round trips, each side sleeps", TwoProcesses(Measure.RoundTrips, 64, time), 0, "");
        Print("calls, one at a time", Calls.RoundTrips(RingSize, time), 0, "");
        Print("calls, 32 under way", Calls.Concurrent(RingSize, 32, time), 0, "");
        Print("calls, a stream of 4 KiB answers", Calls.Stream(RingSize, time), Page, "");
        return 0;
    }

    private static double TwoThreads(int ringSize, int length, TimeSpan time)
    {
        (LocalTransport first, LocalTransport second) = LocalTransport.CreatePair(ringSize);
        return WithPeer(first, second, connection => Measure.Stream(connection, length, time));
    }

    private static double Messages(TimeSpan time)
    {
        (LocalTransport first, LocalTransport second) = LocalTransport.CreatePair(RingSize);
        return WithPeer(first, second, connection => Measure.Messages(connection, time), Measure.AnswerMessages);
    }

    private static double RoundTrips(TimeSpan time)
    {
        (LocalTransport first, LocalTransport second) = LocalTransport.CreatePair(RingSize);
        return WithPeer(first, second, connection => Measure.RoundTrips(connection, 64, time));
    }

    private static double WithPeer(
        RingTransport first, RingTransport second, Func<RingConnection, double> measure, Action<RingTransport>? answer = null)
    {
        var peer = new Thread(() => (answer ?? Measure.Answer)(second));
        peer.Start();
        double result;
        using (var connection = new RingConnection(first))
            result = measure(connection);
        peer.Join();
        return result;
    }

    private static double TwoProcesses(Func<RingConnection, int, TimeSpan, double> measure, int length, TimeSpan time)
    {
        string folder = Directory.CreateTempSubdirectory("ring-bench-").FullName;
        try
        {
            string name = Path.Combine(folder, "ring");
            using var peer = System.Diagnostics.Process.Start(Environment.ProcessPath!, ["peer", name]);
            double result;
            using (var connection = new RingConnection(SharedMemoryTransport.Listen(name, RingSize, Patience)))
                result = measure(connection, length, time);
            peer.WaitForExit();
            return result;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static int BePeer(string name)
    {
        Measure.Answer(SharedMemoryTransport.Connect(name, RingSize, Patience));
        return 0;
    }

    /// <summary>Prints operations a second, as bytes a second where a length is given.</summary>
    private static void Print(string what, double perSecond, int length, string wanted)
    {
        string here = length > 0
            ? (perSecond * length / 1e9).ToString("0.00 'GB/s'", CultureInfo.InvariantCulture)
            : perSecond.ToString("N0", CultureInfo.InvariantCulture) + " /s";
        Console.WriteLine($"{what,-62} {here,14} {wanted,14}");
    }
}
