using System;
using System.Diagnostics;
using System.Linq;

namespace Microkernel.XenStore.Bench;

/// <summary>Measures a daemon on a socket, and the echo beside it, row by row in turns.</summary>
internal static class Program
{
    private const int Connections = 32, Pipelined = 16, Turns = 5, LeastCount = 100;
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(400);

    private static int Main(string[] arguments)
    {
        if (arguments.Length != 1)
        {
            Console.Error.WriteLine("xenstore-bench SOCKET: run it and the daemon on one CPU, for example under taskset -c 1");
            return 2;
        }
        using var echo = Echo.Start();
        using var setup = new Wire(arguments[0]);
        Rows.Fill(setup);
        Console.WriteLine($"{"operations a second",-36}{"daemon",10}{"echo",10}{"share",8}");
        foreach ((string name, Func<Wire, Action> prepare) in Rows.All)
            Measure(arguments[0], echo, name, prepare);
        Console.WriteLine($"{$"{Connections} connections, {Pipelined} reads each at a time",-36}{Best(new CpuTime(setup.Peer), Pipelines(arguments[0])) * Connections * Pipelined,10:N0}");
        return 0;
    }

    private static void Measure(string socket, Echo echo, string name, Func<Wire, Action> prepare)
    {
        using var wire = new Wire(socket);
        var time = new CpuTime(wire.Peer);
        Action operation = prepare(wire);
        wire.Notes = [];
        operation();
        Exchange[] exchanges = [.. wire.Notes];
        wire.Notes = null;
        double daemon = 0, medium = 0;
        for (int turn = 0; turn < Turns; turn++)
        {
            daemon = Math.Max(daemon, Rate(time, operation));
            medium = Math.Max(medium, Rate(echo.Time, () => echo.Do(exchanges)));
        }
        Console.WriteLine($"{name,-36}{daemon,10:N0}{medium,10:N0}{daemon / medium,8:P0}");
    }

    private static Action Pipelines(string socket)
    {
        Wire[] wires = [.. Enumerable.Range(0, Connections).Select(_ => new Wire(socket))];
        byte[] requests = [.. Enumerable.Repeat(Rows.ReadRequest, Pipelined).SelectMany(static r => r)];
        return () =>
        {
            foreach (Wire wire in wires)
                wire.Send(requests);
            foreach (Wire wire in wires)
                wire.Receive(Pipelined);
        };
    }

    private static double Best(CpuTime time, Action operation) => Enumerable.Range(0, Turns).Max(_ => Rate(time, operation));

    /// <summary>Operations a second of the CPU's time.</summary>
    private static double Rate(CpuTime time, Action operation)
    {
        double begun = time.Now;
        long start = Stopwatch.GetTimestamp();
        int count = 0;
        for (; count < LeastCount || Stopwatch.GetElapsedTime(start) < Turn; count++)
            operation();
        return count / (time.Now - begun);
    }
}
