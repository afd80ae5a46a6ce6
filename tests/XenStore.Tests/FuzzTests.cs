using System;
using System.Globalization;
using System.Text;
using Microkernel.XenStore.Tests.Support;
using NUnit.Framework;

namespace Microkernel.XenStore.Tests;

/// <summary>
/// Messages that no client sends, many of them: 200,000, or as many as XENSTORE_FUZZ says. None may throw, grow memory without end or
/// leave the store in disagreement with itself.
/// </summary>
public sealed class FuzzTests
{
    private static readonly string[] Words =
    [
        "/", "/a", "/a/b", "/d5/x", "a", "@releaseDomain", "@introduceDomain", "T", "F", "n0", "r5", "b5", "w1", "0", "1", "5", "65535", "-1",
        "4294967296", "help", "quota", "set", "nodes", "log", "on", "check", "print", "live-update", "-s", "", "\u00ff", "//", "/a/",
    ];

    private static readonly int Inputs =
        int.Parse(Environment.GetEnvironmentVariable("XENSTORE_FUZZ") ?? "200000", CultureInfo.InvariantCulture);

    [Test]
    public void NoInputBreaksTheServer()
    {
        StoreServer server = Servers.New();
        TestClient.Control(server).Write("/d5", "");
        TestClient.Control(server).SetPermissions("/d5", "n5");
        Client[] clients =
        [
            new(Caller.Control, isDomain: false, server.Store.Accounts.Of(0), server.Events),
            new(new Caller(5, -1, false), isDomain: true, server.Store.Accounts.Of(5), server.Events),
        ];
        var random = new Random(Inputs);
        byte[] payload = new byte[MessageHeader.LargestPayload];
        for (int i = 0; i < Inputs; i++)
        {
            Client client = clients[random.Next(clients.Length)];
            uint transaction = random.Next(3) == 0 && client.Transactions.Count > 0 ? client.Transactions[^1].Id : (uint)random.Next(2);
            var header = new MessageHeader((MessageType)random.Next(30), (uint)i, transaction, (uint)Fill(random, payload));
            server.Handler.Handle(client, header, payload.AsSpan(0, (int)header.Length));
            server.EndBatch();
            client.Output.Clear();
            if (i % 5000 == 0)
                Tidy(server, clients);
        }
        long memory = GC.GetTotalMemory(forceFullCollection: true);
        TestContext.Out.WriteLine($"{Inputs:N0} messages, seed {Inputs}; {memory >> 20} MiB at the end");
        Assert.That(StoreCheck.Run(server.Store), Is.Null);
        Assert.That(memory, Is.LessThan(200 << 20));
    }

    /// <summary>The control domain has no quotas: what it piles up goes.</summary>
    private static void Tidy(StoreServer server, Client[] clients)
    {
        TestClient control = TestClient.Control(server);
        foreach (string name in control.Send(MessageType.Directory, "/\0").Text.Split('\0'))
            control.Send(MessageType.Remove, $"/{name}\0");
        control.Write("/d5", "");
        control.SetPermissions("/d5", "n5");
        foreach (Client client in clients)
            ClientState.Reset(server.Store, client, server.Events);
    }

    private static int Fill(Random random, byte[] payload)
    {
        if (random.Next(4) == 0)
        {
            int length = random.Next(64);
            random.NextBytes(payload.AsSpan(0, length));
            return length;
        }
        int at = 0;
        for (int words = random.Next(5); words > 0; words--)
        {
            at += Encoding.Latin1.GetBytes(Words[random.Next(Words.Length)], payload.AsSpan(at));
            if (random.Next(8) != 0)
                payload[at++] = 0;
        }
        if (random.Next(200) == 0)
            at = random.Next(at, payload.Length + 1);
        return at;
    }
}
