using System;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using FakeQemu.Services;
using Microkernel.Rings;
using Microkernel.Rpc;
using Mk.Machine;

namespace FakeQemu;

/// <summary>
/// Plays the script that its argument after "-fake" names, line by line:
/// core TEXT and guest TEXT write to the serial lines ("\n", "\e" for DLE), expect TEXT waits for input of the guests'
/// line, sleep MS waits, event JSON writes to the monitor, error TEXT writes to the error output, services starts a toolstack on
/// the device's memory, exit N ends, and hang waits to be told to quit.
/// </summary>
public static class Program
{
    public static int Main(string[] arguments)
    {
        using Socket core = Connect("com1"), guests = Connect("com2"), monitor = Connect("qmp");
        Write(monitor, "{\"QMP\":{}}\n");
        string script = arguments[Array.IndexOf(arguments, "-fake") + 1];
        var player = new Thread(() => Environment.Exit(Play(script, core, guests, monitor))) { IsBackground = true };
        player.Start();
        using var reader = new StreamReader(new NetworkStream(monitor));
        while (reader.ReadLine() is { } line)
        {
            if (line.Contains("\"quit\""))
                return 0;
        }
        // Like QEMU it stays when whoever had the monitor is gone; but not for ever, whatever happens to a test.
        Thread.Sleep(TimeSpan.FromSeconds(60));
        return 99;
    }

    private static int Play(string script, Socket core, Socket guests, Socket monitor)
    {
        foreach (string[] words in script.Split('|').Select(static l => l.Trim().Split(' ', 2)))
        {
            string rest = Unescape(words.ElementAtOrDefault(1) ?? "");
            switch (words[0])
            {
                case "core":
                    Write(core, rest);
                    break;
                case "guest":
                    Write(guests, rest);
                    break;
                case "event":
                    Write(monitor, rest + "\n");
                    break;
                case "expect":
                    Expect(guests, rest);
                    break;
                case "sleep":
                    Thread.Sleep(int.Parse(rest));
                    break;
                case "error":
                    Console.Error.WriteLine(rest);
                    break;
                case "services":
                    StartServices();
                    break;
                case "exit":
                    return int.Parse(rest);
            }
        }
        Thread.Sleep(Timeout.Infinite);
        return 98;
    }

    /// <summary>They look at the memory by themselves and need no bell.</summary>
    private static void StartServices() => _ = new RingEndpoint(
        new RingRendezvous(LinkWiring.Open(QemuCommandLine.LinkFile, isSecond: false, static () => { })), new FakeSystem().Bind());

    private static Socket Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    private static void Expect(Socket socket, string text)
    {
        var received = new byte[1];
        for (string seen = ""; !seen.EndsWith(text, StringComparison.Ordinal); seen += (char)received[0])
        {
            if (socket.Receive(received) == 0)
                return;
        }
    }

    private static string Unescape(string text) =>
        text.Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\e", "\x10", StringComparison.Ordinal);

    private static void Write(Socket socket, string text) => socket.Send(Encoding.Latin1.GetBytes(text));
}
