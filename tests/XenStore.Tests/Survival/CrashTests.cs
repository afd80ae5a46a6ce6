using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Microkernel.XenStore.Tests.Support;
using Microkernel.XenStore.Tests.Tools;
using NUnit.Framework;

namespace Microkernel.XenStore.Tests.Survival;

/// <summary>
/// kill -9 at random moments under load, 20 times, or as many as XENSTORE_CRASHES says: what was acknowledged is there, what was not is there
/// whole or not at all, and a domain with a ring notices nothing.
/// </summary>
public sealed class CrashTests
{
    private static readonly int Crashes =
        int.Parse(Environment.GetEnvironmentVariable("XENSTORE_CRASHES") ?? "20", CultureInfo.InvariantCulture);

    [Test]
    public void NothingAcknowledgedIsLost()
    {
        using var server = new ServerProcess();
        using var domain = new FileDomain(Path.Combine(server.Folder, "domains"), 7);
        Introduce(server);
        var load = new FileDomainLoad(domain);
        using var stop = new CancellationTokenSource();
        Task domainTask = Task.Run(() => load.Run(stop.Token));
        var random = new Random(42);
        for (int crash = 0; crash < Crashes; crash++)
            CrashOnce(server, random);
        stop.Cancel();
        domainTask.GetAwaiter().GetResult();
        TestContext.Out.WriteLine($"{Crashes} crashes; the domain had {load.Answered:N0} answers and {load.Events:N0} events");
        Assert.That(load.Fault, Is.Null);
        Assert.That(load.Events, Is.EqualTo(load.Answered), "each write and the watch itself");
        Assert.That(server.Log, Does.Not.Contain("DAMAGED"));
        Assert.That(server.Log, Does.Not.Contain("not where the journal has it"));
    }

    private static void Introduce(ServerProcess server)
    {
        using var peer = new SocketPeer(server.Socket);
        peer.Send(MessageType.Write, "/local/domain/7\0");
        peer.Send(MessageType.SetPermissions, "/local/domain/7\0n7\0");
        Assert.That(peer.Send(MessageType.Introduce, "7\01\01\0"), Is.EqualTo(Answer.Ok));
    }

    private static void CrashOnce(ServerProcess server, Random random)
    {
        (int Acknowledged, int Tried) single = default, pair = default;
        using (var stop = new CancellationTokenSource())
        {
            Task<(int, int)> singles = Task.Run(() => Load(server.Socket, stop.Token, WriteOne));
            Task<(int, int)> pairs = Task.Run(() => Load(server.Socket, stop.Token, WritePair));
            Thread.Sleep(random.Next(20, 200));
            server.KillAndRestart();
            stop.Cancel();
            single = singles.GetAwaiter().GetResult();
            pair = pairs.GetAwaiter().GetResult();
        }
        using var peer = new SocketPeer(server.Socket);
        Assert.That(Number(peer, "/single"), Is.InRange(single.Acknowledged, single.Tried));
        Assert.That(Number(peer, "/pair/one"), Is.InRange(pair.Acknowledged, pair.Tried));
        Assert.That(Number(peer, "/pair/two"), Is.EqualTo(Number(peer, "/pair/one")), "a transaction is there whole or not at all");
        peer.Send(MessageType.Remove, "/single\0");
        peer.Send(MessageType.Remove, "/pair\0");
    }

    /// <summary>Writes rising numbers until the server is gone.</summary>
    private static (int Acknowledged, int Tried) Load(string socket, CancellationToken stop, Func<SocketPeer, int, bool> write)
    {
        int acknowledged = 0, tried = 0;
        try
        {
            using var peer = new SocketPeer(socket);
            while (!stop.IsCancellationRequested)
            {
                tried++;
                if (write(peer, tried))
                    acknowledged = tried;
            }
        }
        catch (Exception end) when (end is IOException or SocketException)
        {
            // The server was killed.
        }
        return (acknowledged, tried);
    }

    private static bool WriteOne(SocketPeer peer, int number) =>
        peer.Send(MessageType.Write, $"/single\0{number}") == Answer.Ok;

    private static bool WritePair(SocketPeer peer, int number)
    {
        uint transaction = uint.Parse(peer.Send(MessageType.TransactionStart, "\0").Text.TrimEnd('\0'), CultureInfo.InvariantCulture);
        peer.Send(MessageType.Write, $"/pair/one\0{number}", transaction);
        peer.Send(MessageType.Write, $"/pair/two\0{number}", transaction);
        return peer.Send(MessageType.TransactionEnd, "T\0", transaction) == Answer.Ok;
    }

    private static int Number(SocketPeer peer, string path)
    {
        Answer answer = peer.Send(MessageType.Read, path + "\0");
        return answer.Error is null ? int.Parse(answer.Text, CultureInfo.InvariantCulture) : 0;
    }
}
