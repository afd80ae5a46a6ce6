using System.Collections.Generic;
using System.Linq;
using Google.Protobuf;
using Grpc.Core;
using Microkernel.Protos.Xenstore;
using Microkernel.XenStore.Rpc;
using Microkernel.XenStore.Tests.Support;
using NUnit.Framework;
using TreeChange = Microkernel.Protos.Xenstore.Change;

namespace Microkernel.XenStore.Tests;

/// <summary>What services are answered, and what they are told when they are refused.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ServiceTests
{
    /// <summary>The longest message of the ring between the toolstack and the store, which has 64 KiB for both directions.</summary>
    private const int LargestMessage = 32 * 1024 - 256;

    private readonly StoreServer _server = Servers.WithoutQuotas();
    private readonly XenStoreService _service;

    public ServiceTests() => _service = new XenStoreService(new OwnThread(), _server);

    [Test]
    public void ALongListComesInPartsThatFitARing()
    {
        TestClient control = TestClient.Control(_server);
        string[] names = [.. Enumerable.Range(0, 20_000).Select(static i => $"child-{i:D5}"), new('x', 3000), new('y', 3000)];
        foreach (string name in names)
            control.Write("/big/" + name, "");
        List<string> all = [];
        ListResponse part;
        do
        {
            part = List("/big", all.LastOrDefault(""));
            Assert.That(part.CalculateSize(), Is.LessThan(LargestMessage));
            Assert.That(part.Generation, Is.EqualTo(_server.Store.Generation));
            all.AddRange(part.Names);
        }
        while (part.IsPartial);
        Assert.That(all, Is.EqualTo(names));
    }

    [Test]
    public void AListGoesOnBehindANameThatIsNotThereAnyMore()
    {
        TestClient control = TestClient.Control(_server);
        foreach (string name in (string[])["a", "c", "e"])
            control.Write("/l/" + name, "");
        Assert.That(List("/l").Names, Is.EqualTo(new[] { "a", "c", "e" }));
        Assert.That(List("/l", "b").Names, Is.EqualTo(new[] { "c", "e" }));
        Assert.That(List("/l", "c").Names, Is.EqualTo(new[] { "e" }));
        Assert.That(List("/l", "e").Names, Is.Empty);
        Assert.That(List("/l/a").Names, Is.Empty);
        Assert.That(() => List("/none"), Refuses(StatusCode.NotFound, "there is no node /none"));
    }

    [Test]
    public void WhoComesTooLateIsToldWhatChanged()
    {
        Commit(Write("/a", "1"), Write("/b", "1"));
        ulong generation = _server.Store.Generation;
        Commit(Write("/b", "2"));
        var late = new CommitRequest { BaseGeneration = generation, ReadPaths = { "/a", "/b" }, Changes = { Write("/a", "3") } };
        Assert.That(() => _service.Commit(late, null!), Refuses(StatusCode.Aborted, $"EAGAIN: /b has changed since change {generation} was read"));
        Assert.That(TestClient.Control(_server).Read("/a").Text, Is.EqualTo("1"));
        late.ReadPaths.Remove("/b");
        Assert.That(_service.Commit(late, null!).Result.Generation, Is.EqualTo(generation + 2));
    }

    [Test]
    public void AFullStoreSaysHowFull()
    {
        _server.Store.Capacity = 2000;
        Commit(Write("/a", "1"));
        var large = new CommitRequest { Changes = { Write("/b", "1"), Write("/c", new string('x', 2000)) } };
        Assert.That(() => _service.Commit(large, null!), Refuses(StatusCode.ResourceExhausted, $"ENOSPC: nodes take {_server.Store.Accounts.Memory} of the 2,000 bytes"));
        Assert.That(TestClient.Control(_server).Read("/b").Error, Is.EqualTo("ENOENT"), "all or nothing");
    }

    [Test]
    public void AChangeThatMakesNoSenseIsNamed()
    {
        Refuse(new TreeChange { Path = "/a" }, "/a has neither a value nor permissions");
        Refuse(new TreeChange { Path = "/a", SetPermissions = new PermissionList() }, "permissions of /a are none");
        Refuse(new TreeChange { Path = "/", Remove = new Remove() }, "the root stays");
        Refuse(Write("a", "1"), "\"a\" is no absolute path");
        var stranger = new Protos.Xenstore.Permission { Domain = 70_000, Access = Protos.Xenstore.Access.Read };
        Refuse(new TreeChange { Path = "/a", SetPermissions = new PermissionList { Permissions = { stranger } } }, "70000 is no domain");
        Assert.That(() => _service.Introduce(new IntroduceRequest { Domain = 7 }, null!), Refuses(StatusCode.FailedPrecondition, "EINVAL: domain 7 cannot be connected"));
    }

    private static TreeChange Write(string path, string value) => new() { Path = path, Write = ByteString.CopyFromUtf8(value) };

    private static NUnit.Framework.Constraints.IResolveConstraint Refuses(StatusCode code, string detail) =>
        Throws.InstanceOf<RpcException>().With.Property(nameof(RpcException.StatusCode)).EqualTo(code)
            .And.Property(nameof(RpcException.Status)).Property(nameof(Status.Detail)).Contains(detail);

    private void Refuse(TreeChange change, string why) => Assert.That(
        () => _service.Commit(new CommitRequest { Changes = { change } }, null!), Refuses(StatusCode.InvalidArgument, why));

    private ListResponse List(string path, string after = "") => _service.List(new ListRequest { Path = path, After = after }, null!).Result;

    private void Commit(params TreeChange[] changes) => _service.Commit(new CommitRequest { Changes = { changes } }, null!).Wait();
}
