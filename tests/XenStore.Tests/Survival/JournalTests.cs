using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Microkernel.XenStore.Tests.Support;
using NUnit.Framework;

namespace Microkernel.XenStore.Tests.Survival;

/// <summary>A server whose memory is taken away at any moment, and whole or damaged given to the next one.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class JournalTests
{
    private const int DeviceSize = 64 << 10;

    private readonly List<string> _complaints = [];
    private readonly MemoryDomains _domains = new();

    [Test]
    public void EverythingIsThereAgain()
    {
        byte[] memory = new byte[DeviceSize];
        _domains.Pages[5] = new MemoryPage();
        StoreServer server = Start(memory);
        var random = new Random(1);
        for (int round = 0; round < 300; round++)
        {
            TestClient control = TestClient.Control(server);
            Change(server, control, random);
            if (round % 10 != 9)
                continue;
            string before = Describe(server);
            memory = memory.ToArray();
            server = Start(memory);
            Assert.That(Describe(server), Is.EqualTo(before), $"round {round}");
            Assert.That(StoreCheck.Run(server.Store), Is.Null);
        }
        Assert.That(_complaints, Is.Empty);
    }

    [Test]
    public void ADamagedJournalGivesAnEarlierStateAndSaysSo()
    {
        byte[] memory = new byte[DeviceSize];
        StoreServer server = Start(memory);
        TestClient control = TestClient.Control(server);
        HashSet<string> states = [Describe(server)];
        for (int i = 0; i < 200; i++)
        {
            control.Write($"/n/{i % 20}", $"{i}");
            states.Add(Describe(server));
        }
        string last = Describe(server);
        var random = new Random(2);
        int damaged = 0;
        for (int round = 0; round < 300; round++)
        {
            byte[] copy = memory.ToArray();
            copy[random.Next(copy.Length)] ^= (byte)(1 << random.Next(8));
            _complaints.Clear();
            string state = Describe(Start(copy));
            if (state == last)
                continue;
            damaged++;
            Assert.That(_complaints, Is.Not.Empty);
            Assert.That(states, Does.Contain(state), "a state that there never was");
        }
        Assert.That(damaged, Is.Positive);
    }

    [Test]
    public void MemoryOfAnyContentIsNoHarm()
    {
        var random = new Random(3);
        for (int round = 0; round < 50; round++)
        {
            byte[] memory = new byte[DeviceSize];
            random.NextBytes(memory);
            StoreServer server = Start(memory);
            Assert.That(server.Store.Accounts.Nodes, Is.EqualTo(1));
            Assert.That(_complaints, Is.Not.Empty);
        }
    }

    [Test]
    public void AStoreThatIsTooLargeIsRefusedBeforeItIsLost()
    {
        StoreServer server = Start(new byte[DeviceSize]);
        TestClient control = TestClient.Control(server);
        string? error = null;
        for (int i = 0; i < 10_000 && error is null; i++)
            error = control.Write($"/n/{i}", new string('x', 100)).Error;
        Assert.That(error, Is.EqualTo("ENOSPC"));
        Assert.That(_complaints, Is.Empty);
    }

    [Test]
    public void ADomainNoticesNothing([Range(0, 9)] int seed)
    {
        var random = new Random(seed);
        var page = new MemoryPage();
        _domains.Pages[5] = page;
        byte[] memory = new byte[DeviceSize];
        StoreServer server = Start(memory);
        TestClient.Control(server).Write("/d5", "");
        TestClient.Control(server).SetPermissions("/d5", "n5");
        TestClient.Control(server).Send(MessageType.Introduce, "5\01\01\0");
        List<string> answers = [];
        byte[] requests = Requests(page);
        for (int sent = 0; sent < requests.Length || answers.Count < 401;)
        {
            sent += page.Write(requests.AsSpan(sent, Math.Min(random.Next(200), requests.Length - sent)));
            byte[] before = memory.ToArray();
            (byte[] pageBefore, bool isKilled) = (page.Array.ToArray(), random.Next(5) == 0);
            MemoryDomains.Serve(server);
            if (isKilled)
                server = Kill(random, ref memory, before, page, pageBefore);
            answers.AddRange(page.Receive().Select(static m => $"{m.Header.Type} {m.Payload}"));
        }
        string[] events = [.. answers.Where(static a => a.StartsWith("WatchEvent", StringComparison.Ordinal))];
        Assert.That(answers.Count(static a => !a.StartsWith("WatchEvent", StringComparison.Ordinal)), Is.EqualTo(201));
        Assert.That(events, Has.Length.EqualTo(201));
        Assert.That(TestClient.Control(server).Read("/d5/v").Text.TrimEnd('x'), Is.EqualTo("199 "));
    }

    /// <summary>A watch, then writes; some are longer than the ring.</summary>
    private static byte[] Requests(MemoryPage page)
    {
        List<byte> all = [.. page.Request(MessageType.Watch, "/d5/v\0token\0")];
        for (int i = 0; i < 200; i++)
            all.AddRange(page.Request(MessageType.Write, $"/d5/v\0{i} {new string('x', i % 10 == 9 ? 1500 : 10)}"));
        return [.. all];
    }

    /// <summary>Kills the server at one of three moments: before it did anything, before it told anybody, or afterwards.</summary>
    private StoreServer Kill(Random random, ref byte[] memory, byte[] before, MemoryPage page, byte[] pageBefore)
    {
        int moment = random.Next(3);
        memory = moment == 0 ? before : memory.ToArray();
        if (moment < 2)
        {
            // What the server has put into the page is not there yet.
            pageBefore.CopyTo(page.Array, 0);
        }
        return Start(memory);
    }

    private StoreServer Start(byte[] memory) =>
        Revival.Start(new ArrayJournalDevice(memory), _domains.For, new ControlHost(), _complaints.Add);

    private static void Change(StoreServer server, TestClient control, Random random)
    {
        int number = random.Next(30);
        switch (random.Next(9))
        {
            case 0:
                control.Send(MessageType.Remove, $"/n/{number}\0");
                break;
            case 1:
                control.SetPermissions($"/n/{number}", "n1", $"r{number}");
                break;
            case 2:
                control.SetPermissions("@releaseDomain", "n0", $"r{number}");
                break;
            case 3:
                control.Send(MessageType.SetQuota, $"{number}\0nodes\0{random.Next(1000)}\0");
                break;
            case 4 when server.Domains.IsIntroduced(5):
                control.Send(MessageType.Release, "5\0");
                break;
            case 4:
                control.Send(MessageType.Introduce, "5\01\01\0");
                break;
            case 5:
                uint transaction = control.Start();
                control.Write($"/t/{number}", "1", transaction);
                control.Write($"/u/{number}", "2", transaction);
                control.End(transaction, random.Next(2) == 0);
                break;
            default:
                control.Write($"/n/{number}", new string('v', number));
                break;
        }
    }

    private static string Describe(StoreServer server)
    {
        var text = new StringBuilder();
        Describe(server.Store.Root, "", text);
        text.Append(string.Join(',', server.Store.Specials.Find(Specials.Release)!.Entries.ToArray()));
        foreach (Domain domain in server.Domains.All.OrderBy(static d => d.Id))
            text.Append($"\ndomain {domain.Id} {domain.IsIntroduced} {domain.Port} {domain.Client?.Watches.Count}");
        foreach (Account account in server.Store.Accounts.All.Where(a => a.Quotas != server.Store.Accounts.Defaults).OrderBy(static a => a.Domain))
            text.Append($"\nquota {account.Domain} {account.Quotas[Quota.Nodes]}");
        return text.ToString();
    }

    private static void Describe(Node node, string path, StringBuilder text)
    {
        text.Append($"{path} = {Encoding.Latin1.GetString(node.Value)} ({string.Join(',', node.Permissions.Entries.ToArray())}) {node.ListGeneration}\n");
        foreach (Branch child in node.Children.All)
            Describe(child.Node, path + "/" + Encoding.Latin1.GetString(child.Name), text);
    }
}
