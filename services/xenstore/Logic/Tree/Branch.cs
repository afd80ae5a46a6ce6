using System;
using System.Collections.Generic;

namespace Microkernel.XenStore;

/// <summary>A child in the balanced search tree (AVL) of its siblings, ordered by name. Never changes.</summary>
public sealed class Branch
{
    private Branch(byte[] name, Node node, Branch? left, Branch? right)
    {
        Name = name;
        Node = node;
        Left = left;
        Right = right;
        Height = 1 + Math.Max(HeightOf(left), HeightOf(right));
    }

    /// <summary>The child's name. Nobody writes to it.</summary>
    public byte[] Name { get; }

    /// <summary>The child.</summary>
    public Node Node { get; }

    internal Branch? Left { get; }

    internal Branch? Right { get; }

    private int Height { get; }

    /// <summary>Those behind a name, in order; every name is behind the empty one.</summary>
    internal static IEnumerable<Branch> InOrder(Branch? at, byte[] after)
    {
        var above = new Stack<Branch>();
        while (at is not null)
        {
            bool isBehind = at.Name.AsSpan().SequenceCompareTo(after) > 0;
            if (isBehind)
                above.Push(at);
            at = isBehind ? at.Left : at.Right;
        }
        while (above.TryPop(out Branch? next))
        {
            yield return next;
            for (at = next.Right; at is not null; at = at.Left)
                above.Push(at);
        }
    }

    /// <summary>A tree of children that are in order already.</summary>
    internal static Branch? FromSorted(ReadOnlySpan<(byte[] Name, Node Node)> children)
    {
        if (children.IsEmpty)
            return null;
        int middle = children.Length / 2;
        return new Branch(children[middle].Name, children[middle].Node, FromSorted(children[..middle]), FromSorted(children[(middle + 1)..]));
    }

    internal static Node? Find(Branch? at, ReadOnlySpan<byte> name)
    {
        while (at is not null)
        {
            int order = name.SequenceCompareTo(at.Name);
            if (order == 0)
                return at.Node;
            at = order < 0 ? at.Left : at.Right;
        }
        return null;
    }

    internal static Branch Put(Branch? at, ReadOnlySpan<byte> name, Node node, out bool isNew)
    {
        if (isNew = at is null)
            return new Branch(name.ToArray(), node, null, null);
        int order = name.SequenceCompareTo(at!.Name);
        if (order == 0)
            return new Branch(at.Name, node, at.Left, at.Right);
        return order < 0
            ? Balanced(at, Put(at.Left, name, node, out isNew), at.Right)
            : Balanced(at, at.Left, Put(at.Right, name, node, out isNew));
    }

    internal static Branch? Remove(Branch? at, ReadOnlySpan<byte> name, out Node? removed)
    {
        removed = null;
        if (at is null)
            return null;
        int order = name.SequenceCompareTo(at.Name);
        if (order < 0)
            return Balanced(at, Remove(at.Left, name, out removed), at.Right);
        if (order > 0)
            return Balanced(at, at.Left, Remove(at.Right, name, out removed));
        removed = at.Node;
        if (at.Left is null || at.Right is null)
            return at.Left ?? at.Right;
        Branch? right = RemoveFirst(at.Right, out Branch first);
        return Balanced(first, at.Left, right);
    }

    private static Branch? RemoveFirst(Branch at, out Branch first)
    {
        if (at.Left is null)
        {
            first = at;
            return at.Right;
        }
        return Balanced(at, RemoveFirst(at.Left, out first), at.Right);
    }

    /// <summary>A tree of one's name and node and two subtrees whose heights differ by two at most.</summary>
    private static Branch Balanced(Branch one, Branch? left, Branch? right)
    {
        int difference = HeightOf(left) - HeightOf(right);
        if (difference > 1)
            return HeavyLeft(one, left!, right);
        if (difference < -1)
            return HeavyRight(one, left, right!);
        return new Branch(one.Name, one.Node, left, right);
    }

    private static Branch HeavyLeft(Branch one, Branch left, Branch? right)
    {
        if (HeightOf(left.Left) >= HeightOf(left.Right))
            return Join(left, left.Left, Join(one, left.Right, right));
        Branch middle = left.Right!;
        return Join(middle, Join(left, left.Left, middle.Left), Join(one, middle.Right, right));
    }

    private static Branch HeavyRight(Branch one, Branch? left, Branch right)
    {
        if (HeightOf(right.Right) >= HeightOf(right.Left))
            return Join(right, Join(one, left, right.Left), right.Right);
        Branch middle = right.Left!;
        return Join(middle, Join(one, left, middle.Left), Join(right, middle.Right, right.Right));
    }

    private static Branch Join(Branch one, Branch? left, Branch? right) => new(one.Name, one.Node, left, right);

    private static int HeightOf(Branch? at) => at?.Height ?? 0;
}
