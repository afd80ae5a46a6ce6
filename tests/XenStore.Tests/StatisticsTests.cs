using System.Collections.Generic;
using System.Linq;
using Google.Protobuf;
using Microkernel.Protos.Xenstore;
using Microkernel.XenStore.Rpc;
using Microkernel.XenStore.Tests.Support;
using NUnit.Framework;

namespace Microkernel.XenStore.Tests;

/// <summary>What services and the operator are told of the whole tree, and of all domains.</summary>
public sealed class StatisticsTests
{
    /// <summary>The longest message that a ring's call carries.</summary>
    private const int LargestMessage = 64 * 1024;

    [Test]
    public void AWalkComesInPartsThatFitARing()
    {
        StoreServer server = Servers.WithoutQuotas();
        TestClient control = TestClient.Control(server);
        for (int i = 0; i < 2000; i++)
            control.Write($"/w/{i % 10}/{i}", new string('v', i));
        List<WalkPart> parts = [.. TreeWalk.Parts(server.Store.Root, "/", uint.MaxValue, generation: 7)];
        Assert.That(parts.Select(static p => p.CalculateSize()), Has.All.LessThan(LargestMessage));
        Assert.That(parts, Has.Count.GreaterThan(10));
        Assert.That(parts.Select(static p => p.Generation), Has.All.EqualTo(7));
        List<string> paths = [.. parts.SelectMany(static p => p.Nodes).Select(static n => n.Path)];
        Assert.That(paths, Has.Count.EqualTo(2012).And.Unique);
        Assert.That(paths.Take(4), Is.EqualTo(new[] { "/", "/w", "/w/0", "/w/0/0" }));
    }

    [Test]
    public void AWalkGoesAsDeepAsItIsTold()
    {
        StoreServer server = Servers.New();
        TestClient.Control(server).Write("/a/b/c", "");
        Assert.That(TreeWalk.Nodes(server.Store.Root.Find("/a"u8)!, "/a", depth: 1).Select(static n => n.Path), Is.EqualTo(new[] { "/a", "/a/b" }));
    }

    [Test]
    public void StatisticsOfManyDomainsComeInParts()
    {
        StoreServer server = Servers.WithoutQuotas();
        TestClient control = TestClient.Control(server);
        const int Domains = 1200;
        for (int domain = 1; domain <= Domains; domain++)
        {
            control.Write($"/d/{domain}", "value");
            control.SetPermissions($"/d/{domain}", $"n{domain}");
        }
        List<DomainStatistics> all = [];
        GetStatisticsResponse part = Statistics.Of(server, 0);
        for (; part.NextDomain != 0; part = Statistics.Of(server, part.NextDomain))
        {
            Assert.That(part.CalculateSize(), Is.LessThan(LargestMessage));
            all.AddRange(part.Domains);
        }
        all.AddRange(part.Domains);
        Assert.That(all.Select(static d => d.Domain), Is.EqualTo(Enumerable.Range(0, Domains + 1)));
        Assert.That(all.Skip(1).Select(static d => d.Nodes), Has.All.EqualTo(1));
        Assert.That(part.Nodes, Is.EqualTo(Domains + 2));
    }
}
