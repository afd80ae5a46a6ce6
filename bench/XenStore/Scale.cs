using System;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Microkernel.XenStore.Bench;

/// <summary>A million nodes and 5,000 clients: the daemon's memory, and what a read and a write take then.</summary>
internal static class Scale
{
    private const int Folders = 1000, NodesOfFolder = 1000, Clients = 5000, AtATime = 16, SmallRoom = 1024;
    private const uint Read = 2, Watch = 4, Write = 11;

    internal static void Run(string socket)
    {
        using var wire = new Wire(socket);
        var time = new CpuTime(wire.Peer);
        wire.Do(Wire.Request(Write, Node(0, 0)));
        Console.WriteLine($"{"",-36}{"reads/s",10}{"writes/s",10}{"MiB",10}");
        Print("an empty store", wire, time);
        for (int folder = 0; folder < Folders; folder++)
            Fill(wire, folder);
        Print($"{Folders * NodesOfFolder:N0} nodes", wire, time);
        Wire[] clients = [.. Enumerable.Range(0, Clients).Select(i => Connect(socket, i))];
        Print($"and {Clients:N0} clients with a watch each", wire, time);
        foreach (Wire client in clients)
            client.Dispose();
    }

    private static string Node(int folder, int node) => $"/scale/{folder}/{node}\0some value";

    private static void Fill(Wire wire, int folder)
    {
        for (int node = 0; node < NodesOfFolder; node += AtATime)
        {
            int count = Math.Min(AtATime, NodesOfFolder - node);
            wire.Send([.. Enumerable.Range(node, count).SelectMany(n => Wire.Request(Write, Node(folder, n)))]);
            wire.Receive(count);
        }
    }

    private static Wire Connect(string socket, int number)
    {
        var client = new Wire(socket, SmallRoom);
        client.Do(Wire.Request(Watch, $"/scale/{number % Folders}/{number / Folders}\0token\0"), messages: 2);
        return client;
    }

    private static void Print(string what, Wire wire, CpuTime time)
    {
        // Of a node that nobody watches.
        byte[] read = Wire.Request(Read, "/scale/0/0\0"), write = Wire.Request(Write, "/bench/value\0some value");
        Console.WriteLine($"{what,-36}{Timing.Best(time, () => wire.Do(read)),10:N0}{Timing.Best(time, () => wire.Do(write)),10:N0}{Memory(wire.Peer),10:N0}");
    }

    /// <summary>What a process has in memory, in MiB.</summary>
    private static double Memory(int process)
    {
        string line = File.ReadLines($"/proc/{process}/status").Single(static l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }
}
