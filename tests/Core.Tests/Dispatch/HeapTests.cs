using System.Collections.Generic;
using System.Linq;
using Microkernel.Core.Dispatch;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Dispatch;

[TestFixture]
public sealed class HeapTests
{
    [FsCheck.NUnit.Property]
    public void GivesTheLowestRankAndKeyFirstWhateverWasAddedAndRemoved((byte Rank, ushort Key)[] nodes, byte[] removals)
    {
        Heap heap = new(nodes.Length + 1);
        List<Node> model = [];
        foreach ((byte rank, ushort key) in nodes)
        {
            Node node = new() { Rank = rank % 4, Key = key };
            heap.Add(node);
            model.Add(node);
        }

        foreach (byte removal in removals.Where(_ => model.Count > 0))
        {
            Node victim = model[removal % model.Count];
            heap.Remove(victim);
            model.Remove(victim);
            Assert.That(victim.HeapIndex, Is.EqualTo(-1));
        }

        Assert.That(heap.Count, Is.EqualTo(model.Count));
        foreach ((int Rank, ulong Key) expected in model.Select(node => (node.Rank, node.Key)).Order().ToArray())
        {
            HeapNode first = heap.First!;
            Assert.That((first.Rank, first.Key), Is.EqualTo(expected));
            heap.Remove(first);
        }

        Assert.That(heap.First, Is.Null);
    }

    private sealed class Node : HeapNode
    {
    }
}
