using System;
using System.Linq;
using Microkernel.XenStore.Tests.Support;
using NUnit.Framework;

namespace Microkernel.XenStore.Tests;

/// <summary>Domains that want everything get what their quotas say, and leave something for others.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class FloodTests
{
    private const int Most = 100_000;
    private const long MostPending = 16 << 20;

    private readonly StoreServer _server = Servers.New();
    private readonly TestClient _control;

    public FloodTests() => _control = TestClient.Control(_server);

    [Test]
    public void WhatATransactionHasSeenIsItsDomainsMemory()
    {
        TestClient guest = Guest(5);
        SetQuota("memory", 100_000);
        uint transaction = guest.Start();
        int reads = CountUntilError("ENOSPC", i => guest.Read($"/d5/{i}{new string('x', 2000)}", transaction));
        Assert.That(reads, Is.InRange(10, 50));
        Assert.That(guest.Client.Account.Pending, Is.InRange(90_000, 110_000));
        Assert.That(guest.Write("/d5/outside", "1").Error, Is.EqualTo("ENOSPC"), "there is one memory for all");
        Assert.That(guest.End(transaction, isCommit: true), Is.EqualTo(Answer.Ok));
        Assert.That(guest.Client.Account.Pending, Is.Zero);
        Assert.That(guest.Write("/d5/outside", "1"), Is.EqualTo(Answer.Ok));
    }

    [Test]
    public void WhatATransactionWritesIsItsDomainsMemory()
    {
        TestClient guest = Guest(5);
        SetQuota("memory", 100_000);
        uint transaction = guest.Start();
        int writes = CountUntilError("ENOSPC", i => guest.Write("/d5/a", $"{i}{new string('x', 1000)}", transaction));
        Assert.That(writes, Is.InRange(20, 100));
        Assert.That(guest.Send(MessageType.ResetWatches, "\0"), Is.EqualTo(Answer.Ok));
        Assert.That(_server.Store.Accounts.Pending, Is.Zero);
    }

    [Test]
    public void WatchesAreTheirDomainsMemory()
    {
        TestClient guest = Guest(5);
        SetQuota("memory", 100_000);
        int watches = CountUntilError("ENOSPC", i => guest.Watch("/d5", $"{i}{new string('t', 3000)}"));
        Assert.That(watches, Is.InRange(20, 40));
        Assert.That(guest.Send(MessageType.Unwatch, $"/d5\00{new string('t', 3000)}\0"), Is.EqualTo(Answer.Ok));
        Assert.That(guest.Watch("/d5", "short"), Is.EqualTo(Answer.Ok));
        guest.Send(MessageType.ResetWatches, "\0");
        Assert.That(guest.Client.Account.Pending, Is.Zero);
    }

    [Test]
    public void ManyDomainsTogetherLeaveSomethingForOneMore()
    {
        for (int domain = 1; domain <= 20; domain++)
        {
            TestClient guest = Guest(domain);
            for (uint transaction = guest.Start(); transaction != 0; transaction = _server.Store.Accounts.Of(domain).Transactions < 10 ? guest.Start() : 0)
                CountUntilError("ENOSPC", i => guest.Read($"/d{domain}/{i}{new string('x', 2000)}", transaction), atMost: 400);
        }
        Assert.That(_server.Store.Accounts.Pending, Is.InRange(MostPending * 3 / 4, MostPending * 5 / 4));
        TestClient late = Guest(30);
        Assert.That(late.Watch("/d30", "token"), Is.EqualTo(Answer.Ok));
        uint started = late.Start();
        Assert.That(late.Write("/d30/x", "1", started), Is.EqualTo(Answer.Ok));
        Assert.That(late.End(started, isCommit: true), Is.EqualTo(Answer.Ok));
    }

    [Test]
    public void AStoreThatDomainsHaveFilledHasRoomForTheControlDomainAndForNewOnes()
    {
        SetQuota("nodes", 0);
        SetQuota("memory", 0);
        _server.Store.Capacity = 1 << 20;
        TestClient greedy = Guest(5);
        CountUntilError("ENOSPC", i => greedy.Write($"/d5/{i}", new string('x', 1000)));
        Assert.That(_server.Store.Accounts.Memory, Is.InRange(700 << 10, 768 << 10));
        TestClient small = Guest(6);
        Assert.That(small.Write("/d6/a", new string('x', 1000)), Is.EqualTo(Answer.Ok));
        Assert.That(_control.Write("/tool", new string('x', 4000)), Is.EqualTo(Answer.Ok));
        Assert.That(greedy.Write("/d5/0", new string('y', 1000)), Is.EqualTo(Answer.Ok), "what does not grow is no harm");
        Assert.That(greedy.Write("/d5/0", new string('y', 1100)).Error, Is.EqualTo("ENOSPC"));
    }

    [Test]
    public void ATransactionThatIsOpenForTooLongCanOnlyFail()
    {
        _server.Domains.Host = new AnyDomain();
        _control.Send(MessageType.Introduce, "5\01\01\0");
        _control.Write("/d5/x", "1");
        _control.SetPermissions("/d5", "n5", "b5");
        _control.SetPermissions("/d5/x", "n5");
        var guest = new TestClient(_server, _server.Domains.Find(5)!.Client!);
        long now = Environment.TickCount64;
        uint transaction = guest.Start();
        guest.Write("/d5/y", "1", transaction);
        _server.Tick(now + 50_000);
        Assert.That(guest.Read("/d5/y", transaction).Text, Is.EqualTo("1"), "not too long yet");
        _control.Write("/d5/x", "2");
        _server.Tick(now + 70_000);
        Assert.That(guest.Read("/d5/x", transaction).Text, Is.EqualTo("2"), "the tree of its beginning is let go");
        Assert.That(guest.End(transaction, isCommit: true).Error, Is.EqualTo("EAGAIN"));
        Assert.That(_server.Store.Accounts.Pending, Is.Zero);
        Assert.That(guest.Read("/d5/y").Error, Is.EqualTo("ENOENT"));
    }

    [Test]
    public void PathsAndTransactionsAreOnlySoLong()
    {
        TestClient guest = Guest(5);
        SetQuota("path-depth", 4);
        Assert.That(guest.Write("/d5/2/3/4", "1"), Is.EqualTo(Answer.Ok));
        Assert.That(guest.Write("/d5/2/3/4/5", "1").Error, Is.EqualTo("ENOSPC"));
        SetQuota("transaction-size", 3);
        uint transaction = guest.Start();
        Assert.That(CountUntilError("ENOSPC", i => guest.Write("/d5/x", $"{i}", transaction)), Is.EqualTo(3));
    }

    private TestClient Guest(int domain)
    {
        _control.Write($"/d{domain}", "");
        _control.SetPermissions($"/d{domain}", $"n{domain}");
        return TestClient.Domain(_server, domain);
    }

    private void SetQuota(string name, int value) =>
        Assert.That(_control.Send(MessageType.SetQuota, $"{name}\0{value}\0"), Is.EqualTo(Answer.Ok));

    /// <summary>How often something is done before it fails in a certain way.</summary>
    private static int CountUntilError(string error, Func<int, Answer> work, int atMost = Most) =>
        Enumerable.Range(0, atMost).TakeWhile(i => work(i).Error != error).Count();
}
