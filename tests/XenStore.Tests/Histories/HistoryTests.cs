using System.Linq;
using System.Threading.Tasks;
using Microkernel.XenStore.Tests.Tools;
using NUnit.Framework;

namespace Microkernel.XenStore.Tests.Histories;

/// <summary>Whether transactions of several clients at a time are as if they had been one after the other.</summary>
public sealed class HistoryTests
{
    private const int Clients = 6, Transactions = 150;

    [Test]
    public void WhatClientsSawHasASerialOrder()
    {
        using var server = new ServerProcess();
        using (var peer = new SocketPeer(server.Socket))
            HistoryClient.Prepare(peer);
        Task<HistoryClient>[] running = [.. Enumerable.Range(1, Clients).Select(n => Task.Factory.StartNew(() => Run(server, n), TaskCreationOptions.LongRunning))];
        HistoryClient[] clients = [.. running.Select(static r => r.GetAwaiter().GetResult())];
        Assert.That(SerialOrder.FindFault([.. clients.SelectMany(static c => c.Committed)]), Is.Null);
        Assert.That(clients.Sum(static c => c.Committed.Count), Is.GreaterThan(Clients * Transactions / 10));
        Assert.That(clients.Sum(static c => c.Again), Is.Positive, "nothing was at the same time");
    }

    [Test]
    public void AHistoryThatIsOneAfterTheOtherIsFound() => Assert.That(
        SerialOrder.FindFault([Seen("2", [("a", "1"), ("b", "")], [("b", "2")]), Seen("1", [("a", "")], [("a", "1")]), Seen("3", [("b", "2"), ("a", "1")])]), Is.Null);

    [Test]
    public void ALostUpdateIsFound() => Assert.That(
        SerialOrder.FindFault([Seen("1", [("a", "")], [("a", "1")]), Seen("2", [("a", "")], [("a", "2")])]), Does.Contain("one is lost"));

    [Test]
    public void WriteSkewIsFound() => Assert.That(
        SerialOrder.FindFault([Seen("1", [("a", ""), ("b", "")], [("a", "1")]), Seen("2", [("a", ""), ("b", "")], [("b", "2")])]), Does.Contain("each comes after another"));

    [Test]
    public void AReadOfWhatWasNotCommittedIsFound() => Assert.That(
        SerialOrder.FindFault([Seen("1", [("a", "9")])]), Does.Contain("nobody has committed"));

    [Test]
    public void AViewOfTwoMomentsIsFound() => Assert.That(
        SerialOrder.FindFault([Seen("1", [("a", ""), ("b", "")], [("a", "1"), ("b", "1")]), Seen("2", [("a", "1"), ("b", "")])]), Does.Contain("each comes after another"));

    private static SeenTransaction Seen(string name, (string, string)[] reads, params (string, string)[] writes) =>
        new(name, reads.ToDictionary(), writes.ToDictionary());

    private static HistoryClient Run(ServerProcess server, int number)
    {
        using var peer = new SocketPeer(server.Socket);
        var client = new HistoryClient(peer, number);
        for (int i = 0; i < Transactions; i++)
            client.Transact();
        return client;
    }
}
