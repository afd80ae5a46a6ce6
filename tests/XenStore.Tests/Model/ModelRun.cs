using System;
using System.Collections.Generic;
using System.Linq;
using Microkernel.XenStore.Tests.Support;
using NUnit.Framework;

namespace Microkernel.XenStore.Tests.Model;

/// <summary>Lets several clients do the same to a server and to the model, and compares every answer, event and the trees.</summary>
internal sealed class ModelRun
{
    private static readonly string[] Paths =
        ["/", "/a", "/a/b", "/a/b/c", "/a/b/c/d", "/a/x", "/d1", "/d1/own", "/d1/own/deep", "/d2", "/d2/k", "/q", "/q/r/s"];

    private static readonly (int, char)[][] PermissionLists =
        [[(1, 'n')], [(1, 'r')], [(2, 'n'), (1, 'b')], [(0, 'b')], [(0, 'n'), (1, 'r'), (2, 'w')], [(3, 'w'), (2, 'r')], [(2, 'b')]];

    private readonly StoreServer _server = Servers.WithoutQuotas();
    private readonly ModelTree _tree = new();
    private readonly List<ModelClient> _clients;
    private readonly List<string> _history = [];

    internal ModelRun()
    {
        _clients =
        [
            new(TestClient.Control(_server), new ModelCaller(0, -1, true)),
            new(TestClient.Domain(_server, 1), new ModelCaller(1, -1, false)),
            new(TestClient.Domain(_server, 2), new ModelCaller(2, -1, false)),
            new(TestClient.Domain(_server, 3, target: 2), new ModelCaller(3, 2, false)),
        ];
    }

    /// <summary>Transactions that were committed, and that were told to try again.</summary>
    internal (int Committed, int Again) Ends { get; private set; }

    /// <summary>Plays a game that numbers stand for.</summary>
    internal void Play(IReadOnlyList<int> choices)
    {
        foreach (int choice in choices)
            Step(new Random(choice));
        Assert.That(StoreCheck.Run(_server.Store), Is.Null);
        Assert.That(Flatten(_server.Store.Root, "/"), Is.EqualTo(_tree.Nodes.ToDictionary(static n => n.Key, static n => Describe(n.Value))));
    }

    private static string Describe(ModelNode node) => node.Value + " " + string.Join(',', node.Permissions.Select(static p => $"{p.Access}{p.Domain}"));

    private static Dictionary<string, string> Flatten(Node node, string path)
    {
        Dictionary<string, string> all = new()
        {
            [path] = System.Text.Encoding.Latin1.GetString(node.Value) + " " + string.Join(',', node.Permissions.Entries.ToArray()),
        };
        foreach (Branch child in node.Children.All)
        {
            string name = System.Text.Encoding.Latin1.GetString(child.Name);
            foreach ((string below, string text) in Flatten(child.Node, path == "/" ? "/" + name : path + "/" + name))
                all.Add(below, text);
        }
        return all;
    }

    private void Step(Random random)
    {
        ModelClient client = _clients[random.Next(_clients.Count)];
        int kind = random.Next(20);
        if (kind == 0 && client.Transactions.Count < 3)
            Start(client);
        else if (kind <= 2 && client.Transactions.Count > 0)
            End(client, client.Transactions[random.Next(client.Transactions.Count)], isCommit: random.Next(4) != 0);
        else if (kind == 3)
            Watch(client, Paths[random.Next(Paths.Length)], random.Next(4) - 1);
        else
            Operate(client, RandomOperation(random), random);
    }

    private static ModelOperation RandomOperation(Random random)
    {
        MessageType[] types =
        [
            MessageType.Read, MessageType.Read, MessageType.Directory, MessageType.GetPermissions, MessageType.Write, MessageType.Write,
            MessageType.Write, MessageType.MakeDirectory, MessageType.Remove, MessageType.SetPermissions,
        ];
        return new(
            types[random.Next(types.Length)], Paths[random.Next(Paths.Length)], $"v{random.Next(100)}",
            PermissionLists[random.Next(PermissionLists.Length)]);
    }

    private void Operate(ModelClient client, ModelOperation operation, Random random)
    {
        ModelTransaction? transaction = client.Transactions.Count > 0 && random.Next(2) == 0
            ? client.Transactions[random.Next(client.Transactions.Count)]
            : null;
        _history.Add($"{client.Caller.Domain}{(transaction is null ? "" : $" in {transaction.Id}")}: {operation}");
        Answer real = client.Real.Send(operation.Type, operation.Payload, transaction?.Id ?? 0);
        ModelTree before = _tree.Copy();
        Answer expected = (transaction?.Tree ?? _tree).Do(client.Caller, operation, out string? changed);
        Assert.That(real, Is.EqualTo(expected), () => History());
        transaction?.Log.Add((operation, real));
        if (transaction is null)
            Told(before, changed is null ? [] : [changed]);
        else
            Told(before, []);
    }

    private void Start(ModelClient client)
    {
        _history.Add($"{client.Caller.Domain}: start");
        client.Transactions.Add(new ModelTransaction(client.Real.Start(), _tree.Copy()));
    }

    private void End(ModelClient client, ModelTransaction transaction, bool isCommit)
    {
        _history.Add($"{client.Caller.Domain}: end {transaction.Id} {isCommit}");
        client.Transactions.Remove(transaction);
        Answer answer = client.Real.End(transaction.Id, isCommit);
        ModelTree before = _tree.Copy();
        List<string> changes = [];
        if (!isCommit)
        {
            Assert.That(answer, Is.EqualTo(Answer.Ok), () => History());
        }
        else if (answer == Answer.Ok)
        {
            Ends = (Ends.Committed + 1, Ends.Again);
            Replay(client, transaction, changes);
        }
        else
        {
            Ends = (Ends.Committed, Ends.Again + 1);
            Assert.That(answer, Is.EqualTo(Answer.Failed("EAGAIN")), () => History());
            Assert.That(HasConflict(transaction), Is.True, () => "nothing that the transaction touched was changed\n" + History());
        }
        Told(before, changes);
    }

    /// <summary>A transaction that was committed is as if everything in it had happened now: it saw nothing that is not so now.</summary>
    private void Replay(ModelClient client, ModelTransaction transaction, List<string> changes)
    {
        foreach ((ModelOperation operation, Answer seen) in transaction.Log)
        {
            Answer now = _tree.Do(client.Caller, operation, out string? changed);
            Assert.That(now, Is.EqualTo(seen), () => $"the committed transaction {transaction.Id} is not serialisable: {operation}\n{History()}");
            if (changed is not null)
                changes.Add(changed);
        }
    }

    /// <summary>Whether others changed something that the transaction touched, or what is above or below that.</summary>
    private static bool HasConflict(ModelTransaction transaction) =>
        transaction.Log.Any(entry => transaction.ChangedByOthers.Any(
            changed => ModelTree.IsAtOrBelow(changed, entry.Operation.Path) || ModelTree.IsAtOrBelow(entry.Operation.Path, changed)));

    private void Watch(ModelClient client, string path, int depth)
    {
        string token = $"{path}:{depth}";
        bool isThere = client.Watches.Contains((path, depth));
        _history.Add($"{client.Caller.Domain}: {(isThere ? "unwatch" : "watch")} {token}");
        string payload = $"{path}\0{token}\0";
        Answer answer = isThere
            ? client.Real.Send(MessageType.Unwatch, payload)
            : client.Real.Send(MessageType.Watch, payload + (depth < 0 ? "" : $"{depth}\0"));
        Assert.That(answer, Is.EqualTo(Answer.Ok), () => History());
        Assert.That(client.Real.TakeEvents(), Is.EqualTo(isThere ? [] : new[] { (path, token) }), () => History());
        if (!client.Watches.Add((path, depth)))
            client.Watches.Remove((path, depth));
    }

    /// <summary>Everybody must have heard of what changed, and of nothing else.</summary>
    private void Told(ModelTree before, List<string> changes)
    {
        foreach (ModelTransaction open in _clients.SelectMany(static c => c.Transactions))
            open.ChangedByOthers.UnionWith(changes.SelectMany(c => Above(c).Where(p => before.Find(p) is null).Append(c)));
        foreach (ModelClient client in _clients)
        {
            List<(string, string)> heard = client.Real.TakeEvents();
            HashSet<(string, string)> expected = [.. changes.SelectMany(c => Expected(client, before, c))];
            if (changes.Count <= 1)
                Assert.That(heard, Is.EquivalentTo(expected), () => History());
            else
                Assert.That(heard.Except(expected.Concat(AnyChange(client, changes))), Is.Empty, () => History());
            if (changes.Count > 1 && client.Caller.IsPrivileged)
                Assert.That(LastingOnly(expected, before).Except(heard), Is.Empty, () => History());
        }
    }

    /// <summary>What comes and goes within one transaction need not be told.</summary>
    private IEnumerable<(string Path, string Token)> LastingOnly(IEnumerable<(string Path, string Token)> events, ModelTree before) =>
        events.Where(e => (before.Find(e.Path) is null) != (_tree.Find(e.Path) is null));

    private static IEnumerable<(string, string)> AnyChange(ModelClient client, List<string> changes) =>
        from watch in client.Watches
        from change in changes
        from path in new[] { change, watch.Path }.Concat(Above(change))
        where ModelTree.IsAtOrBelow(path, watch.Path)
        select (path, $"{watch.Path}:{watch.Depth}");

    private static IEnumerable<string> Above(string path)
    {
        for (; path != "/"; path = ModelTree.Parent(path))
            yield return path;
    }

    private IEnumerable<(string, string)> Expected(ModelClient client, ModelTree before, string changed)
    {
        foreach ((string path, int depth) in client.Watches)
        {
            string token = $"{path}:{depth}";
            if (ModelTree.IsAtOrBelow(changed, path))
            {
                string? reached = Reached(before, changed, path, depth);
                if (reached is not null && MayHear(client.Caller, before, changed, changed))
                    yield return (reached, token);
            }
            else if (ModelTree.IsAtOrBelow(path, changed) && _tree.Find(changed) is null && before.Find(path) is not null
                && MayHear(client.Caller, before, path, changed))
            {
                yield return (path, token);
            }
        }
    }

    private static string? Reached(ModelTree before, string changed, string top, int depth)
    {
        int Depth(string path) => path == "/" ? 0 : path.Count(static c => c == '/');
        if (depth < 0 || Depth(changed) - Depth(top) <= depth)
            return changed;
        for (string path = ModelTree.Parent(changed); path != "/" && before.Find(path) is null; path = ModelTree.Parent(path))
        {
            if (Depth(path) - Depth(top) <= depth)
                return ModelTree.IsAtOrBelow(path, top) ? path : null;
        }
        return null;
    }

    private bool MayHear(ModelCaller caller, ModelTree before, string path, string changed)
    {
        ModelNode? old = before.Find(path), made = _tree.Find(path);
        if (caller.IsPrivileged || old is not null && caller.May(old, 'r') || made is not null && caller.May(made, 'r'))
            return true;
        string parent = ModelTree.Parent(changed);
        return (old is null || made is null) && (_tree.Find(parent) ?? before.Find(parent)) is { } above && caller.May(above, 'r');
    }

    private string History() => string.Join('\n', _history.TakeLast(60));
}
