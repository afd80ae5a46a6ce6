using System;
using System.Linq;
using Microkernel.XenStore.Tests.Support;
using NUnit.Framework;

namespace Microkernel.XenStore.Tests;

/// <summary>What each message means, where the model says nothing.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ProtocolTests
{
    private readonly StoreServer _server = Servers.New();

    [Test]
    public void WhatMakesNoSenseIsInvalid()
    {
        TestClient client = TestClient.Control(_server);
        foreach (string path in (string[])["", "a", "//", "/a/", "/a//b", "/a b", "/é", "@releaseDomain", "/" + new string('x', 3072)])
            Assert.That(client.Read(path).Error, Is.EqualTo("EINVAL"), path);
        Assert.That(client.Send(MessageType.Read, "/a").Error, Is.EqualTo("EINVAL"), "no zero byte at the end");
        Assert.That(client.Send(MessageType.Read, "/a\0b\0").Error, Is.EqualTo("EINVAL"));
        Assert.That(client.Send(MessageType.TransactionEnd, "X\0").Error, Is.EqualTo("EINVAL"));
        Assert.That(client.Read("/a", transaction: 77).Error, Is.EqualTo("ENOENT"));
        Assert.That(client.Send((MessageType)20, "\0").Error, Is.EqualTo("ENOSYS"));
        Assert.That(client.Send(MessageType.WatchEvent, "\0").Error, Is.EqualTo("ENOSYS"));
        Assert.That(client.Read("/" + new string('x', 3071)).Error, Is.EqualTo("ENOENT"), "the longest path");
    }

    [Test]
    public void RelativePathsBelongToTheDomain()
    {
        TestClient.Control(_server).Write("/local/domain/5/name", "guest");
        TestClient.Control(_server).SetPermissions("/local/domain/5", "n5");
        TestClient guest = TestClient.Domain(_server, 5);
        Assert.That(guest.Read("name").Text, Is.EqualTo("guest"));
        guest.Watch("data", "token");
        guest.Write("data/x", "1");
        Assert.That(guest.TakeEvents(), Is.EqualTo(new[] { ("data", "token"), ("data/x", "token") }));
        Assert.That(guest.Read(new string('x', 2049)).Error, Is.EqualTo("EINVAL"));
    }

    [Test]
    public void ALongDirectoryComesInParts()
    {
        TestClient client = TestClient.Control(_server);
        string[] names = [.. Enumerable.Range(0, 1000).Select(static i => $"child-{i:D5}")];
        foreach (string name in names)
            client.Write("/big/" + name, "");
        Assert.That(client.Send(MessageType.Directory, "/big\0").Error, Is.EqualTo("E2BIG"));
        string all = "", generation = "";
        while (!all.EndsWith("\0\0", StringComparison.Ordinal))
        {
            string[] part = client.Send(MessageType.DirectoryPart, $"/big\0{all.Length}\0").Text.Split('\0', 2);
            generation = generation.Length == 0 ? part[0] : generation;
            Assert.That(part[0], Is.EqualTo(generation));
            Assert.That(part[1].Length, Is.LessThanOrEqualTo(4096));
            all += part[1];
        }
        Assert.That(all[..^2].Split('\0'), Is.EqualTo(names));
        client.Write("/big/another", "");
        Assert.That(client.Send(MessageType.DirectoryPart, "/big\00\0").Text.Split('\0')[0], Is.Not.EqualTo(generation));
    }

    [Test]
    public void QuotasBindDomainsAndNobodyElse()
    {
        TestClient control = TestClient.Control(_server);
        control.Write("/d5", "");
        control.SetPermissions("/d5", "n5");
        Assert.That(control.Send(MessageType.SetQuota, "5\0nodes\03\0"), Is.EqualTo(Answer.Ok));
        Assert.That(control.Send(MessageType.GetQuota, "5\0nodes\0").Text, Is.EqualTo("3\0"));
        Assert.That(control.Send(MessageType.GetQuota, "nodes\0").Text, Is.EqualTo("1000\0"));
        TestClient guest = TestClient.Domain(_server, 5);
        Assert.That(guest.Write("/d5/a", ""), Is.EqualTo(Answer.Ok));
        Assert.That(guest.Write("/d5/b", ""), Is.EqualTo(Answer.Ok));
        Assert.That(guest.Write("/d5/c", "").Error, Is.EqualTo("ENOSPC"));
        Assert.That(guest.Write("/d5/a", new string('x', 2049)).Error, Is.EqualTo("ENOSPC"));
        Assert.That(guest.SetPermissions("/d5/a", "n5", "r1", "r2", "r3", "r4", "r6").Error, Is.EqualTo("ENOSPC"));
        for (int i = 0; i < 128; i++)
            Assert.That(guest.Watch("/d5", $"{i}"), Is.EqualTo(Answer.Ok));
        Assert.That(guest.Watch("/d5", "more").Error, Is.EqualTo("E2BIG"));
        for (int i = 0; i < 10; i++)
            guest.Start();
        Assert.That(guest.Send(MessageType.TransactionStart, "\0").Error, Is.EqualTo("ENOSPC"));
        Assert.That(guest.Send(MessageType.ResetWatches, "\0"), Is.EqualTo(Answer.Ok));
        Assert.That(guest.Start(), Is.Not.Zero);
        Assert.That(control.Write("/d5/c", ""), Is.EqualTo(Answer.Ok));
    }

    [Test]
    public void OnlyTheControlDomainMayControl()
    {
        TestClient guest = TestClient.Domain(_server, 5);
        foreach ((MessageType type, string payload) in ((MessageType, string)[])
            [(MessageType.Introduce, "6\01\01\0"), (MessageType.Release, "6\0"), (MessageType.Resume, "6\0"), (MessageType.SetTarget, "5\06\0"),
             (MessageType.Control, "help\0"), (MessageType.GetFeature, "\0"), (MessageType.SetFeature, "6\01\0"),
             (MessageType.GetQuota, "\0"), (MessageType.SetQuota, "nodes\01\0")])
            Assert.That(guest.Send(type, payload).Error, Is.EqualTo("EACCES"), $"{type}");
        Assert.That(guest.Send(MessageType.GetDomainPath, "6\0").Text, Is.EqualTo("/local/domain/6\0"));
        Assert.That(guest.Send(MessageType.IsDomainIntroduced, "6\0").Text, Is.EqualTo("F\0"));
    }

    [Test]
    public void ControlAnswers()
    {
        TestClient control = TestClient.Control(_server);
        Assert.That(control.Send(MessageType.Control, "help\0").Text, Does.Contain("live-update"));
        Assert.That(control.Send(MessageType.Control, "check\0"), Is.EqualTo(Answer.Ok));
        Assert.That(control.Send(MessageType.Control, "quota\0").Text, Does.Contain("nodes: 1000"));
        Assert.That(control.Send(MessageType.Control, "quota\0set\0nodes\07\0"), Is.EqualTo(Answer.Ok));
        Assert.That(control.Send(MessageType.Control, "quota\05\0").Text, Does.Contain("nodes: 0/7"));
        Assert.That(control.Send(MessageType.Control, "nonsense\0").Error, Is.EqualTo("EINVAL"));
        Assert.That(control.Send(MessageType.GetQuota, "\0").Text, Does.Contain("node-size"));
        Assert.That(control.Send(MessageType.GetFeature, "\0").Text, Is.EqualTo("7\0"));
    }

    [Test]
    public void SpecialWatchesTellOfDomains()
    {
        _server.Domains.Host = new AnyDomain();
        TestClient control = TestClient.Control(_server);
        TestClient guest = TestClient.Domain(_server, 9);
        control.Watch("@introduceDomain", "in");
        control.Watch("@releaseDomain/7", "out7");
        control.Send(MessageType.Watch, "@releaseDomain\0depth\01\0");
        guest.Watch("@releaseDomain", "guest");
        control.TakeEvents();
        guest.TakeEvents();
        Assert.That(control.Send(MessageType.Introduce, "7\01\01\0"), Is.EqualTo(Answer.Ok));
        Assert.That(control.Send(MessageType.IsDomainIntroduced, "7\0").Text, Is.EqualTo("T\0"));
        Assert.That(control.Send(MessageType.Release, "7\0"), Is.EqualTo(Answer.Ok));
        Assert.That(control.TakeEvents(), Is.EqualTo(new[]
        {
            ("@introduceDomain", "in"), ("@releaseDomain/7", "depth"), ("@releaseDomain/7", "out7"),
        }));
        Assert.That(guest.TakeEvents(), Is.Empty, "not allowed yet");
        Assert.That(control.SetPermissions("@releaseDomain", "n0", "r9"), Is.EqualTo(Answer.Ok));
        control.Send(MessageType.Introduce, "7\01\01\0");
        control.Send(MessageType.Release, "7\0");
        Assert.That(guest.TakeEvents(), Is.EqualTo(new[] { ("@releaseDomain", "guest") }));
    }

    [Test]
    public void AReleasedDomainLeavesNothingBehind()
    {
        _server.Domains.Host = new AnyDomain();
        TestClient control = TestClient.Control(_server);
        control.Send(MessageType.Introduce, "7\01\01\0");
        control.Write("/a/of7/below", "x");
        control.SetPermissions("/a/of7", "n7");
        control.Write("/a/shared", "x");
        control.SetPermissions("/a/shared", "n0", "r7", "r8");
        control.Send(MessageType.Release, "7\0");
        Assert.That(control.Read("/a/of7/below").Error, Is.EqualTo("ENOENT"));
        Assert.That(control.Send(MessageType.GetPermissions, "/a/shared\0").Text, Is.EqualTo("n0\0r8\0"));
        Assert.That(StoreCheck.Run(_server.Store), Is.Null);
    }

    [Test]
    public void ASlowClientIsToldOfItsWatchesInsteadOfEveryEvent()
    {
        TestClient control = TestClient.Control(_server);
        var slow = new Client(new Caller(5, -1, false), true, _server.Store.Accounts.Of(5), _server.Events);
        control.Write("/w", "");
        Handle(slow, MessageType.Watch, "/w\0token\0");
        for (int i = 0; i < 100_000; i++)
            control.Write("/w/node", $"{i}");
        Assert.That(slow.Output.Length, Is.LessThan(64 << 10));
        Assert.That(slow.HasLostEvents);
        slow.Output.Clear();
        slow.MakeUpForLost();
        Assert.That(slow.Output.Length, Is.EqualTo(MessageHeader.Size + "/w\0token\0".Length));
    }

    [Test]
    public void UnrelatedTransactionsDoNotConflict()
    {
        TestClient one = TestClient.Control(_server), other = TestClient.Control(_server);
        one.Write("/dir/a", "");
        one.Write("/dir/b", "");
        uint first = one.Start(), second = other.Start();
        one.Read("/dir/a", first);
        one.Write("/dir/new1", "1", first);
        other.Read("/dir/b", second);
        other.Write("/dir/b", "2", second);
        other.Write("/dir/new2", "2", second);
        Assert.That(one.End(first, true), Is.EqualTo(Answer.Ok));
        Assert.That(other.End(second, true), Is.EqualTo(Answer.Ok));
        uint third = one.Start();
        one.Send(MessageType.Directory, "/dir\0", third);
        other.Write("/dir/new3", "");
        Assert.That(one.End(third, true).Error, Is.EqualTo("EAGAIN"), "the listing has changed");
    }

    private void Handle(Client client, MessageType type, string payload)
    {
        byte[] bytes = System.Text.Encoding.Latin1.GetBytes(payload);
        _server.Handler.Handle(client, new MessageHeader(type, 1, 0, (uint)bytes.Length), bytes);
        client.Output.Clear();
    }
}
