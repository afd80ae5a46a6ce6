using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Microkernel.XenStore.Tests.Support;
using Microkernel.XenStore.Tests.Tools;

namespace Microkernel.XenStore.Tests.Histories;

/// <summary>A client that reads and changes a few nodes and a directory in transactions, at random, and remembers what it saw.</summary>
internal sealed class HistoryClient
{
    /// <summary>The items: nodes by their values, and one directory by its listing.</summary>
    private static readonly string[] Items = ["/history/a", "/history/b", "/history/c", Listing];

    private const string Listing = "/history/directory";

    private readonly SocketPeer _peer;
    private readonly Random _random;
    private readonly int _number;
    private int _count;

    internal HistoryClient(SocketPeer peer, int number)
    {
        _peer = peer;
        _number = number;
        _random = new Random(number);
    }

    internal List<SeenTransaction> Committed { get; } = [];

    internal int Again { get; private set; }

    /// <summary>Makes the directory, and no node.</summary>
    internal static void Prepare(SocketPeer peer) => peer.Send(MessageType.MakeDirectory, Listing + "\0");

    /// <summary>One transaction: reads some items, and changes some of these.</summary>
    internal void Transact()
    {
        uint id = uint.Parse(_peer.Send(MessageType.TransactionStart, "\0").Text.TrimEnd('\0'), CultureInfo.InvariantCulture);
        var seen = new SeenTransaction($"{_number}.{++_count}", [], []);
        string[] items = [.. Items.OrderBy(_ => _random.Next()).Take(_random.Next(1, Items.Length))];
        foreach (string item in items)
            seen.Reads[item] = Read(item, id);
        foreach (string item in items.Where(_ => _random.Next(2) == 0))
            seen.Writes[item] = Change(item, seen.Reads[item], seen.Name, id);
        Answer end = _peer.Send(MessageType.TransactionEnd, "T\0", id);
        if (end == Answer.Ok)
            Committed.Add(seen);
        else if (end == Answer.Failed("EAGAIN"))
            Again++;
        else
            throw new InvalidOperationException($"a transaction ended in {end}");
    }

    private string Read(string item, uint transaction)
    {
        Answer answer = _peer.Send(item == Listing ? MessageType.Directory : MessageType.Read, item + "\0", transaction);
        return answer.Error is null ? answer.Text : "";
    }

    /// <returns>What is in the item now.</returns>
    private string Change(string item, string before, string name, uint transaction)
    {
        _peer.Send(MessageType.Write, item == Listing ? $"{item}/{Child(name)}\0" : $"{item}\0{name}", transaction);
        return item == Listing ? Read(item, transaction) : name;
    }

    private static string Child(string name) => name.Replace('.', '-');
}
