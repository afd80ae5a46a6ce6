using System;
using System.Diagnostics;
using System.Globalization;
using System.Threading;

namespace Microkernel.Rings.Peer;

/// <summary>
/// The second side of a ring: Rings.Peer ROLE SOCKET SIZE SEED. "echo" sends back what it gets until the ring closes; "source"
/// sends the messages of a seed for ever; "hostile" writes anything anywhere; "dying" sends one message and ends itself.
/// </summary>
public static class Program
{
    public static int Main(string[] arguments)
    {
        int size = int.Parse(arguments[2], CultureInfo.InvariantCulture), seed = int.Parse(arguments[3], CultureInfo.InvariantCulture);
        using SharedMemoryTransport transport = SharedMemoryTransport.Connect(arguments[1], size, TimeSpan.FromSeconds(20));
        if (arguments[0] == "hostile")
            return BeHostile(transport, new Random(seed));
        using var connection = new RingConnection(transport);
        return arguments[0] switch
        {
            "echo" => Echo(connection),
            "source" => Send(connection, seed),
            _ => Die(connection),
        };
    }

    private static int Echo(RingConnection connection)
    {
        var buffer = new byte[connection.LargestMessage];
        while (connection.Receive(buffer, out int length, Timeout.InfiniteTimeSpan) == RingResult.Done)
            connection.Send(buffer.AsSpan(0, length), Timeout.InfiniteTimeSpan);
        return connection.ReceiveState is RingState.Open or RingState.ClosedByPeer ? 0 : 1;
    }

    private static int Send(RingConnection connection, int seed)
    {
        var buffer = new byte[connection.LargestMessage];
        for (int i = 0; connection.Send(Pattern.Make(buffer, seed, i, buffer.Length), Timeout.InfiniteTimeSpan) == RingResult.Done; i++)
        {
        }
        return 0;
    }

    private static int Die(RingConnection connection)
    {
        connection.Send("last words"u8, Timeout.InfiniteTimeSpan);
        Process.GetCurrentProcess().Kill();
        return 0;
    }

    /// <summary>At full speed, until the other side has had enough.</summary>
    private static int BeHostile(SharedMemoryTransport transport, Random random)
    {
        Span<byte> memory = transport.Memory;
        for (long i = 0; transport.IsConnected; i++)
        {
            Span<byte> queue = RingLayout.Queue(memory, random.Next(2) == 1);
            // Headers and first lengths more often than the rest.
            int at = random.Next(random.Next(4) == 0 ? queue.Length : RingLayout.Data + 32);
            queue[at] = (byte)(random.Next(2) == 0 ? random.Next(256) : random.Next(3) * 8);
            if (i % 64 == 0)
            {
                transport.Notify();
                transport.Wait(TimeSpan.Zero);
            }
        }
        return 0;
    }
}
