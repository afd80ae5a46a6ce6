using System;
using System.Linq;

namespace Microkernel.XenStore.Bench;

/// <summary>Measures a daemon on a socket, and the echo beside it, row by row in turns.</summary>
internal static class Program
{
    private const int Connections = 32, Pipelined = 16;

    private static int Main(string[] arguments)
    {
        switch (arguments)
        {
            case [var socket]:
                MeasureAll(socket);
                return 0;
            case ["--scale", var socket]:
                Scale.Run(socket);
                return 0;
            default:
                Console.Error.WriteLine("XenStore.Bench [--scale] SOCKET: run it and the daemon on one CPU, for example under taskset -c 1");
                return 2;
        }
    }

    private static void MeasureAll(string socket)
    {
        using var echo = Echo.Start();
        using var setup = new Wire(socket);
        Rows.Fill(setup);
        Console.WriteLine($"{"operations a second",-36}{"daemon",10}{"echo",10}{"share",8}");
        foreach ((string name, Func<Wire, Action> prepare) in Rows.All)
            Measure(socket, echo, name, prepare);
        var time = new CpuTime(setup.Peer);
        double single = Timing.Best(time, () => setup.Do(Rows.ReadRequest));
        double many = Timing.Best(time, Pipelines(socket)) * Connections * Pipelined;
        Console.WriteLine($"{$"{Connections} connections, {Pipelined} reads each at a time",-44}{many,10:N0}, {many / single:0.0} times one at a time");
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
        for (int turn = 0; turn < Timing.Turns; turn++)
        {
            daemon = Math.Max(daemon, Timing.Rate(time, operation));
            medium = Math.Max(medium, Timing.Rate(echo.Time, () => echo.Do(exchanges)));
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
}
